package io.reflow.gateway.bench;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Executors;

/// What a gateway would be that does nothing: reads a body, passes it on with the client that the
/// gateway uses too, and writes back what comes.
final class PassThrough {

  private PassThrough() {}

  /// Runs until its standard input ends.
  ///
  /// @param arguments the URL of the server behind it
  public static void main(String[] arguments) throws IOException {
    URI upstream = URI.create(arguments[0]);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor();
        var client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(threads)
                .build()) {
      Handler pass =
          (request, response) -> {
            HttpResponse<byte[]> answer =
                client.send(
                    HttpRequest.newBuilder(upstream)
                        .header("Content-Type", "application/json")
                        .header("Accept", "application/json, text/event-stream")
                        .POST(BodyPublishers.ofByteArray(request.content().as(byte[].class)))
                        .build(),
                    BodyHandlers.ofByteArray());
            response.status(answer.statusCode());
            answer
                .headers()
                .firstValue("Content-Type")
                .ifPresent(type -> response.header(HeaderNames.CONTENT_TYPE, type));
            response.send(answer.body());
          };
      BareServer.run(routing -> routing.post("/mcp", pass));
    }
  }
}
