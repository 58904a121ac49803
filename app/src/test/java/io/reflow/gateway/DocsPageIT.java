package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reflow.gateway.testing.NodePackages;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.TestGateway.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The reference of the API, as a browser shows it.
class DocsPageIT {

  private static TestGateway gateway;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    gateway = TestGateway.start();
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @Test
  void takesNothingFromElsewhere() {
    Response page = gateway.get("/docs", gateway.adminToken()).require(200);

    assertThat(page.headers().get("content-security-policy"))
        .singleElement()
        .asString()
        .contains("default-src 'none'", "script-src 'self';", "connect-src 'self'")
        .contains("frame-ancestors 'none'")
        .doesNotContain("http", "unsafe-eval", "script-src 'unsafe-inline'");
    assertThat(page.body()).doesNotContain("//", "<script>", " style=", "onload");
  }

  @Test
  void isShownAndSendsRequests() throws IOException, InterruptedException {
    String chromium = NodePackages.chromium();
    NodePackages packages = NodePackages.install("npm");
    Path picture = folder.resolve("docs.png");

    JsonNode seen =
        run(
            List.of(
                packages.node(),
                packages.file(Path.of("docs-page.mjs")),
                "http://localhost:" + gateway.port(),
                chromium,
                picture.toString()));

    assertThat(seen.get("title").asText()).isEqualTo("Reflow Gateway");
    assertThat(seen.get("status").asInt()).isEqualTo(200);
    assertThat(seen.get("body").asText()).contains("\"status\":\"ok\"");
    assertThat(seen.get("complaints")).isEmpty();
    assertThat(seen.get("origins").toString())
        .isEqualTo("[\"http://localhost:%d\"]".formatted(gateway.port()));
    assertThat(picture).isNotEmptyFile();
  }

  private JsonNode run(List<String> command) throws IOException, InterruptedException {
    Path out = folder.resolve("out.json");
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(errors.toFile())
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      Process _ = process.destroyForcibly();
      throw new AssertionError("the browser took too long: " + Files.readString(errors));
    }
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    return TestGateway.parse(Files.readString(out));
  }
}
