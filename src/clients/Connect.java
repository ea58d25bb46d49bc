import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;

public class Connect {
    public static void main(String[] args) throws Exception {
        Properties config = new Properties();
        config.put("bootstrap.servers", "BOOTSTRAP");
        config.put("security.protocol", "SASL_SSL");
        config.put("sasl.mechanism", "OAUTHBEARER");
        config.put("sasl.jaas.config",
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;");
        config.put("sasl.login.callback.handler.class",
                "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler");
        System.setProperty("aws.region", "REGION"); // tokens are signed for the cluster's region
        try (Admin admin = Admin.create(config)) {
            System.out.println(admin.listTopics().names().get());
        }
    }
}
