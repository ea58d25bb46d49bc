import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * Verifies MSK IAM tokens as Amazon MSK does: SigV4 over the presigned URL, region, dates, rights.
 * Settings are properties of the broker: msk.iam.region, msk.iam.credentials (id:secret,…),
 * msk.iam.denied (ids without kafka-cluster:Connect), msk.iam.refusal (throw or challenge).
 */
public final class MskIamValidator implements AuthenticateCallbackHandler {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
    private String region;
    private final Map<String, String> secrets = new HashMap<>();
    private List<String> denied = List.of();
    private boolean challenge;

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaas) {
        region = (String) configs.get("msk.iam.region");
        for (String pair : ((String) configs.get("msk.iam.credentials")).split(",")) {
            String[] parts = pair.split(":", 2);
            secrets.put(parts[0].trim(), parts[1].trim());
        }
        Object refused = configs.get("msk.iam.denied");
        denied = refused == null ? List.of() : Arrays.asList(((String) refused).split(","));
        challenge = "challenge".equals(configs.get("msk.iam.refusal"));
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof OAuthBearerValidatorCallback validator) {
                validate(validator);
            } else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
                extensions.inputExtensions().map().keySet().forEach(extensions::valid);
            } else {
                throw new UnsupportedCallbackException(callback);
            }
        }
    }

    private void validate(OAuthBearerValidatorCallback callback) {
        try {
            callback.token(token(callback.tokenValue()));
        } catch (Refused refused) {
            if (challenge) {
                callback.error("invalid_token", null, null);
            } else {
                throw new SaslAuthenticationException("[" + UUID.randomUUID() + "]: " + refused.getMessage());
            }
        }
    }

    private OAuthBearerToken token(String text) throws Refused {
        Map<String, String> query = new HashMap<>();
        List<String> signed = new ArrayList<>();
        URI url;
        try {
            url = new URI(new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8));
            for (String pair : url.getRawQuery().split("&")) {
                String[] parts = pair.split("=", 2);
                query.put(parts[0], URLDecoder.decode(parts[1].replace("+", "%2B"), StandardCharsets.UTF_8));
                if (!parts[0].equals("X-Amz-Signature") && !parts[0].equals("User-Agent")) {
                    signed.add(pair);
                }
            }
        } catch (Exception malformed) {
            throw new Refused("Invalid authentication payload");
        }
        try {
            String date = query.get("X-Amz-Date");
            Instant at = LocalDateTime.parse(date, DATE).toInstant(ZoneOffset.UTC);
            Instant end = at.plusSeconds(Long.parseLong(query.get("X-Amz-Expires")));
            String[] scope = query.get("X-Amz-Credential").split("/");
            String secret = secrets.get(scope[0]);
            Collections.sort(signed);
            Instant now = Instant.now();
            boolean good = secret != null
                && !denied.contains(scope[0])
                && scope[2].equals(region)
                && scope[3].equals("kafka-cluster")
                && url.getHost().equals("kafka." + region + ".amazonaws.com")
                && "kafka-cluster:Connect".equals(query.get("Action"))
                && now.isBefore(end)
                && now.isAfter(at.minusSeconds(300))
                && signature(url.getHost(), signed, date, scope, secret).equals(query.get("X-Amz-Signature"));
            if (!good) {
                throw new Refused("Access denied");
            }
            return new Token(text, "arn:aws:iam::111122223333:user/" + scope[0], at, end);
        } catch (Refused refused) {
            throw refused;
        } catch (Exception malformed) {
            throw new Refused("Invalid authentication payload");
        }
    }

    private static String signature(String host, List<String> signed, String date, String[] scope, String secret)
            throws Exception {
        String request = "GET\n/\n" + String.join("&", signed) + "\nhost:" + host + "\n\nhost\n" + sha256("");
        String words = "AWS4-HMAC-SHA256\n" + date + "\n"
            + String.join("/", scope[1], scope[2], scope[3], scope[4]) + "\n" + sha256(request);
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (int i = 1; i <= 4; i++) {
            key = hmac(key, scope[i]);
        }
        return HexFormat.of().formatHex(hmac(key, words));
    }

    private static byte[] hmac(byte[] key, String text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String sha256(String text) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public void close() {}

    private static final class Refused extends Exception {
        Refused(String message) {
            super(message);
        }
    }

    private record Token(String value, String principalName, Instant at, Instant end) implements OAuthBearerToken {
        @Override
        public Set<String> scope() {
            return Set.of();
        }

        @Override
        public long lifetimeMs() {
            return end.toEpochMilli();
        }

        @Override
        public Long startTimeMs() {
            return at.toEpochMilli();
        }
    }
}
