// Forgets contacts that are gone for good. Needs kafka-clients; run it with: java -cp kafka-clients.jar:slf4j-api.jar ForgetContacts.java

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

public final class ForgetContacts {
  private static final String TOPIC = "contact.expunged";
  private static final Map<String, String> ENV = System.getenv();
  private static final Path STORE = Path.of(ENV.getOrDefault("STORE_FILE", "contacts.txt"));
  private static final Path GONE = Path.of(STORE + ".gone");

  public static void main(String[] args) throws IOException {
    // A group that is new begins at the beginning, because of auto.offset.reset; later it goes on where it has committed.
    var settings = Map.<String, Object>of(
        "bootstrap.servers", ENV.getOrDefault("KAFKA_BROKERS", "127.0.0.1:19092"),
        "group.id", ENV.getOrDefault("KAFKA_GROUP", "newsletter.contact-expunged"),
        "auto.offset.reset", "earliest",
        "enable.auto.commit", "false");
    var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    var main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      consumer.wakeup();
      try {
        main.join();
      } catch (InterruptedException ended) {
        // The process ends in any case.
      }
    }));
    // An error ends the program; whoever runs it starts it again, and it goes on behind the last commit.
    try (consumer) {
      run(consumer);
    } catch (WakeupException stopped) {
      // Asked to stop.
    }
  }

  private static void run(KafkaConsumer<String, String> consumer) throws IOException {
    var told = false;
    consumer.subscribe(List.of(TOPIC));
    while (true) {
      var records = consumer.poll(Duration.ofSeconds(1));
      if (!records.isEmpty()) {
        forget(StreamSupport.stream(records.spliterator(), false)
            .filter(ForgetContacts::isKnown).map(ConsumerRecord::key).toList());
        // Only now: whatever happens before this line, the same messages come again.
        consumer.commitSync();
      }
      if (!told && caughtUp(consumer)) {
        System.out.println("caught up");
        told = true;
      }
    }
  }

  // Your part: in one transaction of your database. It must be durable when this returns, deleting twice must do no harm,
  // and whoever writes contacts must look at what is gone first: a late message or import could bring one back.
  // Here a line of the file is a contact and begins with its id.
  private static void forget(List<String> contactIds) throws IOException {
    var gone = new LinkedHashSet<>(Files.readAllLines(GONE));
    gone.addAll(contactIds);
    replace(GONE, List.copyOf(gone));
    replace(STORE, Files.readAllLines(STORE).stream().filter(line -> !gone.contains(line.split(" ")[0])).toList());
  }

  private static void replace(Path file, List<String> lines) throws IOException {
    var next = Path.of(file + ".new");
    Files.write(next, lines, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE,
        StandardOpenOption.DSYNC);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static boolean isKnown(ConsumerRecord<String, String> record) {
    var type = record.headers().lastHeader("ce_type");
    return type != null && new String(type.value(), StandardCharsets.UTF_8).equals("ContactExpunged.v1");
  }

  // Everything up to now is forgotten here: the partitions of this instance have been read to their end.
  private static boolean caughtUp(KafkaConsumer<String, String> consumer) {
    Set<TopicPartition> mine = consumer.assignment();
    var ends = consumer.endOffsets(mine);
    return !mine.isEmpty() && mine.stream().allMatch(one -> consumer.position(one) >= ends.get(one));
  }
}
