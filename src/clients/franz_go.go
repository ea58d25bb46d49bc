package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/aws/aws-msk-iam-sasl-signer-go/signer"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
)

func main() {
	login := oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) { // for each login: a token lives for 15 minutes
		token, _, err := signer.GenerateAuthToken(ctx, "REGION")
		return oauth.Auth{Token: token}, err
	})
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split("BOOTSTRAP", ",")...), kgo.DialTLS(), kgo.SASL(login))
	if err != nil {
		log.Fatal(err)
	}
	topics, err := kadm.NewClient(client).ListTopics(context.Background())
	fmt.Println(topics.Names(), err)
}
