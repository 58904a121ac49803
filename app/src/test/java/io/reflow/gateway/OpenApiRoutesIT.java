package io.reflow.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.GatewayConfig;
import io.reflow.gateway.http.ListenerOptions;
import io.reflow.gateway.testing.TestDatabase;
import io.reflow.gateway.testing.TestGateway;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The description of the API names the routes that there are, and no others.
class OpenApiRoutesIT {

  @TempDir private Path data;

  @Test
  void theDescriptionNamesEachRouteAndNoOther() throws IOException, InterruptedException {
    try (TestDatabase database = TestDatabase.fresh()) {
      GatewayConfig config = TestGateway.config(database, data, Map.of());
      try (Gateway gateway = Gateway.start(config)) {
        SortedSet<String> routes = registered(gateway, config);

        assertThat(described(gateway)).containsExactlyElementsOf(routes);
      }
    }
  }

  /// Has the gateway list its routes once more, to somebody who only writes down what they are.
  private static SortedSet<String> registered(Gateway gateway, GatewayConfig config) {
    SortedSet<String> routes = new TreeSet<>();
    HttpRouting.Builder recorder =
        recorder((method, path) ->
            routes.add(method + " " + path.replaceAll("\\{[+*]?(\\w+)}", "{$1}")));
    gateway.routes(recorder, new ListenerOptions(config.server(), Optional.empty()));
    gateway.managementRoutes(recorder);
    // The server adds this one itself.
    routes.add("GET /docs/openapi");
    assertThat(routes).hasSizeGreaterThan(50);
    return routes;
  }

  private static HttpRouting.Builder recorder(BiConsumer<String, String> routes) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("any")) {
            // What is left over is refused, or passed on to where it is answered.
            return proxy;
          }
          if (method.getName().equals("route")
              && arguments.length == 3
              && arguments[0] instanceof Method verb
              && arguments[1] instanceof String path) {
            if (!verb.equals(Method.OPTIONS) && !verb.equals(Method.HEAD)) {
              routes.accept(verb.text(), path);
            }
            return proxy;
          }
          if (method.isDefault()) {
            return InvocationHandler.invokeDefault(proxy, method, arguments);
          }
          throw new AssertionError("not a route that can be compared: " + method);
        };
    return (HttpRouting.Builder)
        Proxy.newProxyInstance(
            HttpRouting.class.getClassLoader(),
            new Class<?>[] {HttpRouting.Builder.class},
            handler);
  }

  private static SortedSet<String> described(Gateway gateway)
      throws IOException, InterruptedException {
    SortedSet<String> operations = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path : document(gateway).get("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        operations.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
      }
    }
    return operations;
  }

  private static JsonNode document(Gateway gateway) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:%d/docs/openapi.json".formatted(gateway.port()));
      var response = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      return TestGateway.parse(response.body());
    }
  }
}
