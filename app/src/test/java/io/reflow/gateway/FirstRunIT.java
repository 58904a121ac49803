package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.ReservedPorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a new user does first: `install.sh`, an account, a stop, and a start that finds it again.
class FirstRunIT {

  private static final Path INSTALL = Path.of("..", "install.sh").toAbsolutePath().normalize();
  private static final String ACCOUNT =
      "{\"email\":\"admin@example.com\",\"password\":\"secure123\"}";

  @TempDir private Path folder;

  @Test
  void runsTheGatewayAndKeepsItsData() throws IOException, InterruptedException {
    Path data = folder.resolve("the data");
    // The second one is for the management listener.
    ReservedPorts ports = ReservedPorts.inARow(2);
    int port = ports.first();
    try (HttpClient http = HttpClient.newHttpClient()) {
      assertThat(install("--native", "--detach", "--data", "" + data, "--port", "" + port))
          .contains("The gateway is ready", "http://localhost:" + port + "/mcp");
      assertThat(post(http, port, "/api/auth/register").statusCode()).isEqualTo(201);
      assertThat(install("--stop", "--data", "" + data)).contains("stopped");
      assertThat(readableByOthers(data)).isEmpty();

      String started = install("--native", "--detach", "--data", "" + data, "--port", "" + port);
      assertThat(started).contains("The gateway is ready");
      assertThat(post(http, port, "/api/auth/login").statusCode()).isEqualTo(200);
    } finally {
      String _ = install("--stop", "--data", "" + data);
      ports.close();
    }
  }

  private static HttpResponse<String> post(HttpClient http, int port, String path)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(ACCOUNT))
            .build();
    return http.send(request, BodyHandlers.ofString());
  }

  /// Secrets and the audit journal; what belongs to PostgreSQL it guards itself. While the gateway
  /// runs, files come and go.
  private static List<Path> readableByOthers(Path data) throws IOException {
    List<Path> open = new ArrayList<>();
    for (String name : List.of("secrets", "audit")) {
      try (Stream<Path> files = Files.walk(data.resolve(name))) {
        for (Path file : files.toList()) {
          String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
          if (!permissions.endsWith("------")) {
            open.add(file);
          }
        }
      }
    }
    return open;
  }

  private String install(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", INSTALL.toString()));
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .directory(folder.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("install.sh ends").isTrue();
    return Files.readString(output, StandardCharsets.UTF_8);
  }
}
