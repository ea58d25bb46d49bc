const { Kafka } = require("kafkajs");
const { generateAuthToken } = require("aws-msk-iam-sasl-signer-js");

const kafka = new Kafka({
  brokers: "BOOTSTRAP".split(","),
  ssl: true,
  sasl: {
    mechanism: "oauthbearer", // called for each login: a token lives for 15 minutes
    oauthBearerProvider: async () => ({ value: (await generateAuthToken({ region: "REGION" })).token }),
  },
});
const admin = kafka.admin();
admin.connect().then(() => admin.listTopics()).then(console.log).finally(() => admin.disconnect());
