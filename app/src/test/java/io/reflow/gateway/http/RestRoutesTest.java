package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.RawClient;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RestRoutesTest {

  private static final String GOOD = "Authorization: Bearer good";

  private static TestListener listener;

  public record NoteJson(String text) {}

  @BeforeAll
  static void listen() {
    listener =
        new TestListener(routing -> {
          RestRoutes<String> routes = TestListener.routes(routing);
          routes
              .get(
                  "/api/open",
                  Access.PUBLIC,
                  exchange -> exchange.header("X-Peer", exchange.peer()).ok(Map.of("a", 1)))
              .get("/api/me", Access.USER, exchange -> exchange.ok(exchange.caller()))
              .get("/api/public-caller", Access.PUBLIC, exchange -> exchange.ok(exchange.caller()))
              .get("/api/admin", Access.ADMIN, exchange -> exchange.ok("never"))
              .get(
                  "/api/notes/{id}",
                  Access.PUBLIC,
                  exchange -> exchange.ok(exchange.id("id").toString()))
              .post(
                  "/api/notes",
                  Access.USER,
                  exchange -> exchange.created(exchange.body(NoteJson.class)))
              .put("/api/notes/{id}", Access.USER, Exchange::noContent)
              .get(
                  "/page",
                  Access.PUBLIC,
                  exchange -> exchange.content("text/plain", new byte[] {'h', 'i'}))
              .refuseOtherMethods();
        });
  }

  @AfterAll
  static void stop() {
    listener.close();
  }

  @Test
  void answersWithJsonAndHeaders() throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/api/open");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.header("x-peer")).isEqualTo("127.0.0.1");
    assertThat(answer.body()).isEqualTo("{\"a\":1}");
    assertThat(listener.ask("GET", "/page").header("content-type")).isEqualTo("text/plain");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/me, '', 401",
    "/api/me, Authorization: Bearer bad, 401",
    "/api/me, Authorization: Basic good, 401",
    "/api/me, Authorization: good, 401",
    "/api/me, Authorization: bearer good, 200",
    "/api/me, Authorization: Bearer good, 200",
    "/api/admin, Authorization: Bearer good, 403",
    "/api/public-caller, Authorization: Bearer good, 401",
  })
  void asksTheGate(String path, String header, int status) throws IOException {
    String[] headers = header.isEmpty() ? new String[0] : new String[] {header};

    assertThat(listener.ask("GET", path, headers).status()).isEqualTo(status);
  }

  @Test
  void refusesTwoTokensEvenIfBothAreGood() throws IOException {
    assertThat(listener.ask("GET", "/api/me", GOOD, GOOD).status()).isEqualTo(401);
  }

  @Test
  void refusesOtherMethodsAndNamesThePossibleOnes() throws IOException {
    RawClient.Answer answer = listener.ask("DELETE", "/api/notes");

    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.header("allow")).isEqualTo("OPTIONS, POST");
    assertThat(answer.body()).contains("\"code\":\"method-not-allowed\"", "DELETE");
    assertThat(listener.ask("BREW", "/api/open").status()).isEqualTo(405);
    assertThat(listener.ask("DELETE", "/api/nowhere").status()).isEqualTo(404);
  }

  @Test
  void answersHeadLikeGetWithoutTheBody() throws IOException {
    try (RawClient client = listener.connect()) {
      RawClient.Answer head = client.ask("HEAD", "/api/open", "");

      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("content-length")).isEqualTo("7");
      assertThat(client.ask("GET", "/api/open", "").body()).isEqualTo("{\"a\":1}");
    }
  }

  @Test
  void answersOptionsWithThePossibleMethods() throws IOException {
    RawClient.Answer answer = listener.ask("OPTIONS", "/api/open");

    assertThat(answer.status()).isEqualTo(204);
    assertThat(answer.header("allow")).isEqualTo("GET, HEAD, OPTIONS");
  }

  @ParameterizedTest
  @ValueSource(strings = {"token=good", "access_token=good", "a=b&token", "to%6ben=good"})
  void refusesTokensInTheQuery(String query) throws IOException {
    RawClient.Answer answer = listener.ask("GET", "/api/me?" + query, GOOD);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("Authorization: Bearer").doesNotContain("good");
  }

  @Test
  void findsNothingUnderWhatIsNoId() throws IOException {
    String id = "0b0e9a4e-5a43-4d2e-8f5e-6f1a4c1f0a11";

    assertThat(listener.ask("GET", "/api/notes/" + id).body()).contains(id);
    assertThat(listener.ask("GET", "/api/notes/42").status()).isEqualTo(404);
    assertThat(listener.ask("GET", "/api/notes/1-1-1-1-1").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, 201",
    "application/json; charset=utf-8, 201",
    "Application/JSON;charset=\"UTF-8\", 201",
    "application/json; charset=latin1, 415",
    "text/plain, 415",
    "application/x-www-form-urlencoded, 415",
    "application/jsonx, 415",
    "'*/*', 415",
    "nonsense, 415",
  })
  void takesNothingButJson(String mediaType, int status) throws IOException {
    try (RawClient client = listener.connect()) {
      RawClient.Answer answer =
          client.ask("POST", "/api/notes", "{\"text\":\"hi\"}", GOOD, "Content-Type: " + mediaType);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(client.ask("GET", "/api/open", "").status()).isEqualTo(200);
    }
  }

  @Test
  void refusesBodiesThatAreMissingOrWrong() throws IOException {
    try (RawClient client = listener.connect()) {
      String json = "Content-Type: application/json";

      assertThat(client.ask("POST", "/api/notes", "", GOOD).status()).isEqualTo(415);
      assertThat(client.ask("POST", "/api/notes", "", GOOD, json).body()).contains("empty");
      assertThat(client.ask("POST", "/api/notes", "{\"x\":1}", GOOD, json).body())
          .contains("'x' is not known here");
      assertThat(client.ask("POST", "/api/notes", "{\"text\":1}", GOOD, json).status())
          .isEqualTo(400);
    }
  }

  @Test
  void takesAChunkedBody() throws IOException {
    try (RawClient client = listener.connect()) {
      client.send(
          """
          POST /api/notes HTTP/1.1
          Host: localhost
          Authorization: Bearer good
          Content-Type: application/json
          Transfer-Encoding: chunked

          5
          {"tex
          8
          t":"hi"}
          0

          """
              .replace("\n", "\r\n"));

      assertThat(client.answer().body()).isEqualTo("{\"text\":\"hi\"}");
    }
  }
}
