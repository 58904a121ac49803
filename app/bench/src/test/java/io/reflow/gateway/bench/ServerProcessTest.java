package io.reflow.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerProcessTest {

  private static final Path ROOT = Path.of("..", "..");

  /// From the first of the options to what they are for.
  private static final Pattern OPTIONS = Pattern.compile("(-Xms\\S+[^#]*?)\\s-jar\\s");

  @ParameterizedTest
  @ValueSource(strings = {"install.sh", "container/gateway", "container/train", "README.md"})
  void runsServersWithTheOptionsOfTheGateway(String file) throws IOException {
    Matcher found = OPTIONS.matcher(Files.readString(ROOT.resolve(file)));

    assertThat(found.find()).isTrue();
    List<String> options =
        List.of(found.group(1).replace("\\", " ").strip().split("\\s+")).stream()
            // The image's cache of classes fits the jar in the image only.
            .filter(option -> !option.startsWith("-XX:AOT") && !option.startsWith("-Xlog:aot"))
            .toList();
    assertThat(options).isEqualTo(ServerProcess.JVM_OPTIONS);
  }
}
