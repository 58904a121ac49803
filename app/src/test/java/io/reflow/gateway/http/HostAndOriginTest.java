package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.http.HttpRouting;
import io.reflow.gateway.config.CorsConfig;
import io.reflow.gateway.config.ServerConfig;
import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HostAndOriginTest {

  private static TestListener listener;
  private static TestListener published;

  @BeforeAll
  static void listen() {
    listener = new TestListener(HostAndOriginTest::routes);
    published =
        new TestListener(
            published(URI.create("https://gw.example.com"), List.of()), HostAndOriginTest::routes);
  }

  private static void routes(HttpRouting.Builder routing) {
    TestListener.echo(routing);
    routing.get("/health/ready", (_, response) -> response.send("ok"));
    TestListener.routes(routing)
        .get("/api/mine", Access.USER, exchange -> exchange.ok(List.of(exchange.caller())));
  }

  @AfterAll
  static void stop() {
    listener.close();
    published.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "localhost:3000",
        "LocalHost:1",
        "127.0.0.1",
        "127.0.0.1:65535",
        "[::1]",
        "[::1]:8080",
        "gateway.internal",
        "gateway.internal:99",
        "pinned.internal:8443",
      })
  void answersUnderItsOwnNames(String host) throws IOException {
    assertThat(listener.ask("GET", "/hello", "Host: " + host).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example.com",
        "localhost.evil.example.com",
        "evil-localhost",
        "localhost.",
        "127.0.0.1.nip.io",
        "127.0.0.2",
        "2130706433",
        "[::2]",
        "sub.gateway.internal",
        "gateway.internal.evil.com",
        "pinned.internal",
        "pinned.internal:8444",
        "localhost:3000@evil.com",
        "user@localhost",
        "localhost:99999",
      })
  void refusesForeignHosts(String host) throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/hello", "Host: " + host);

    assertThat(answer.status()).isBetween(400, 403);
    assertThat(answer.body()).contains("\"trace_id\"");
  }

  @Test
  void refusesTwoHosts() throws IOException {
    assertThat(listener.ask("GET", "/hello", "Host: localhost", "Host: evil.example.com").status())
        .isBetween(400, 403);
  }

  @Test
  void refusesAForeignHostBeforeItLooksAtTheToken() throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/api/mine", "Host: evil.example.com");

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("\"code\":\"not-permitted\"", "server.allowed-hosts");
  }

  @Test
  void refusesForeignHostsOnUnknownPathsToo() throws IOException {
    assertThat(listener.ask("GET", "/nowhere", "Host: evil.example.com").status()).isEqualTo(403);
  }

  @Test
  void answersHealthChecksUnderAnyName() throws IOException {
    assertThat(listener.ask("GET", "/health/ready", "Host: 10.1.2.3:3000").status()).isEqualTo(200);
    assertThat(listener.ask("GET", "/health/ready/../../hello", "Host: evil.com").status())
        .isNotEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        TestListener.PAGE,
        "HTTPS://App.Example.com:443",
        "http://localhost:3000",
        "http://localhost:5173",
        "https://127.0.0.1",
        "http://[::1]:8080",
      })
  void letsPagesOfAllowedOriginsIn(String origin) throws IOException {
    assertThat(listener.ask("GET", "/hello", "Origin: " + origin).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "*",
        "",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.com",
        "https://evil.com/https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com:",
        "https://app.example.com?x",
        "https://app.example.com#x",
        "https://x@app.example.com",
        "https://app.example.com https://evil.com",
        "https://app.example.com, https://evil.com",
        "app.example.com",
        "//app.example.com",
        "http://localhost.evil.com",
        "file://localhost",
        "http://[::1%25eth0]",
      })
  void refusesForeignOrigins(String origin) throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/hello", "Origin: " + origin);

    assertThat(answer.status()).isBetween(400, 403);
    assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
  }

  @Test
  void refusesTwoOrigins() throws IOException {
    assertThat(
            listener
                .ask("GET", "/hello", "Origin: " + TestListener.PAGE, "Origin: https://evil.com")
                .status())
        .isEqualTo(403);
  }

  @Test
  void knowsItsPublicNameAndNoLoopbackPagesWherePublished() throws IOException {
    String host = "Host: gw.example.com";

    assertThat(published.ask("GET", "/hello", host).status()).isEqualTo(200);
    assertThat(published.ask("GET", "/hello", host, "Origin: https://gw.example.com").status())
        .isEqualTo(200);
    assertThat(published.ask("GET", "/hello", host, "Origin: http://gw.example.com").status())
        .isEqualTo(403);
    assertThat(published.ask("GET", "/hello", host, "Origin: http://localhost:3000").status())
        .isEqualTo(403);
    assertThat(published.ask("GET", "/hello", "Host: localhost").status()).isEqualTo(200);
  }

  @Test
  void answersAPreflightWithoutAToken() throws IOException {
    RawClient.Answer answer =
        listener.ask(
            "OPTIONS",
            "/api/mine",
            "Origin: " + TestListener.PAGE,
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: authorization, mcp-param-region");

    assertThat(answer.status()).isEqualTo(204);
    assertThat(answer.header("access-control-allow-origin")).isEqualTo(TestListener.PAGE);
    assertThat(answer.header("access-control-allow-headers"))
        .isEqualTo("authorization, mcp-param-region");
    assertThat(answer.header("access-control-allow-methods")).contains("POST", "GET", "DELETE");
    assertThat(answer.header("access-control-max-age")).isEqualTo("3600");
    assertThat(answer.header("vary")).contains("Origin");
    assertThat(answer.headers()).doesNotContainKey("access-control-allow-credentials");
  }

  @Test
  void refusesAPreflightOfAForeignPage() throws IOException {
    assertThat(
            listener
                .ask(
                    "OPTIONS",
                    "/api/mine",
                    "Origin: https://evil.com",
                    "Access-Control-Request-Method: POST")
                .status())
        .isEqualTo(403);
  }

  @Test
  void letsPagesReadAnswersAndErrors() throws IOException {
    for (String path : List.of("/hello", "/api/mine", "/nowhere")) {
      RawClient.Answer answer = listener.ask("GET", path, "Origin: " + TestListener.PAGE);

      assertThat(answer.header("access-control-allow-origin")).isEqualTo(TestListener.PAGE);
      assertThat(answer.header("access-control-expose-headers"))
          .contains("Mcp-Session-Id", "WWW-Authenticate", "MCP-Protocol-Version");
      assertThat(answer.header("vary")).isEqualTo("Origin");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "app.example.com", "https://app.example.com/path", "https://"})
  void refusesToStartWithSomethingElseThanOrigins(String origin) {
    assertThatThrownBy(() ->
            new HostAndOrigin(
                TestListener.config(),
                new CorsConfig(List.of(origin), Duration.ofHours(1)),
                _ -> {}))
        .hasMessageContaining("cors.allowed-origins")
        .hasMessageContaining(origin);
  }

  @Test
  void refusesToStartWithSomethingElseThanHosts() {
    CorsConfig cors = new CorsConfig(List.of(), Duration.ofHours(1));
    ServerConfig config = published(URI.create("http://localhost"), List.of("https://gw"));

    assertThatThrownBy(() -> new HostAndOrigin(config, cors, _ -> {}))
        .hasMessageContaining("server.allowed-hosts");
    assertThatThrownBy(() ->
            new HostAndOrigin(published(URI.create("gw.example.com"), List.of()), cors, _ -> {}))
        .hasMessageContaining("server.public-url");
  }

  private static ServerConfig published(URI url, List<String> hosts) {
    ServerConfig base = TestListener.config();
    return new ServerConfig(
        base.host(),
        base.port(),
        url,
        hosts,
        base.dataDir(),
        base.maxBodySize(),
        base.maxHeaderSize(),
        base.headerTimeout(),
        base.bodyTimeout(),
        base.idleTimeout(),
        base.maxConnections(),
        base.shutdownGrace());
  }
}
