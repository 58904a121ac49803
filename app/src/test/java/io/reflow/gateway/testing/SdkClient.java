package io.reflow.gateway.testing;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// The official client of the Java SDK, initialized; it also keeps the progress that it is told.
public final class SdkClient implements AutoCloseable {

  private final List<ProgressNotification> progress = new CopyOnWriteArrayList<>();
  private final McpSyncClient client;

  private SdkClient(McpClientTransport transport) {
    this.client =
        McpClient.sync(transport)
            .requestTimeout(Duration.ofSeconds(60))
            .initializationTimeout(Duration.ofSeconds(60))
            .progressConsumer(progress::add)
            .build();
    client.initialize();
  }

  /// A client of a gateway.
  public static SdkClient connect(URI url, String token) {
    return connect(url, Optional.of(token));
  }

  /// A client of a gateway that speaks the transport of 2024-11-05.
  @SuppressWarnings("deprecation")
  public static SdkClient sse(URI url, String token) {
    return new SdkClient(
        HttpClientSseClientTransport.builder(url.resolve("/").toString())
            .sseEndpoint(url.getPath())
            .httpRequestCustomizer(
                (request, _, _, _, _) -> request.header("Authorization", "Bearer " + token))
            .build());
  }

  /// A client of a server, without a gateway between.
  public static SdkClient direct(URI url) {
    return connect(url, Optional.empty());
  }

  /// A client of a child process, without a gateway between.
  public static SdkClient direct(List<String> command) {
    ServerParameters parameters =
        ServerParameters.builder(command.getFirst())
            .args(command.subList(1, command.size()))
            .build();
    return new SdkClient(new StdioClientTransport(parameters, McpJsonDefaults.getMapper()));
  }

  private static SdkClient connect(URI url, Optional<String> token) {
    return new SdkClient(
        HttpClientStreamableHttpTransport.builder(url.resolve("/").toString())
            .endpoint(url.getPath())
            .addHttpRequestCustomizer((request, _, _, _, _) ->
                token.ifPresent(text -> request.header("Authorization", "Bearer " + text)))
            .build());
  }

  /// The client itself.
  public McpSyncClient sdk() {
    return client;
  }

  public List<ProgressNotification> progress() {
    return List.copyOf(progress);
  }

  @Override
  public void close() {
    boolean _ = client.closeGracefully();
  }
}
