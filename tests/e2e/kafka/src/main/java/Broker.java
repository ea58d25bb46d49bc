import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Formats the log folder when it is new, then runs the broker: one JVM start instead of two. */
public final class Broker {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (FileInputStream in = new FileInputStream(args[0])) {
            properties.load(in);
        }
        if (!Files.exists(Path.of(properties.getProperty("log.dirs"), "meta.properties"))) {
            String[] format = {
                "format", "-c", args[0], "-t", "MkU3OEVBNTcwNTJENDM2Qk",
                "--add-scram", "SCRAM-SHA-512=[name=user,password=password]"
            };
            kafka.tools.StorageTool.execute(format, System.out);
        }
        kafka.Kafka.main(new String[] {args[0]});
    }
}
