package io.reflow.gateway;

import static io.reflow.gateway.testing.OtlpReceiver.attribute;
import static io.reflow.gateway.testing.OtlpReceiver.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import io.reflow.gateway.testing.FakeMcpServer;
import io.reflow.gateway.testing.FakeMcpServer.Received;
import io.reflow.gateway.testing.FakeStatelessServer;
import io.reflow.gateway.testing.McpTestClient;
import io.reflow.gateway.testing.OtlpReceiver;
import io.reflow.gateway.testing.OtlpReceiver.Manner;
import io.reflow.gateway.testing.StatelessClient;
import io.reflow.gateway.testing.StdioServer;
import io.reflow.gateway.testing.TestGateway;
import io.reflow.gateway.testing.UpstreamFixtures;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class TelemetryIT {

  private static final String CLIENT_SPAN = "00f067aa0ba902b7";

  private final String trace = UUID.randomUUID().toString().replace("-", "");
  private final OtlpReceiver collector = new OtlpReceiver();
  private final FakeMcpServer server = new FakeMcpServer().list("echo", "fail");

  @AfterEach
  void close() {
    server.close();
    collector.close();
  }

  private TestGateway gateway(String... settings) {
    return gatewayOver("http/protobuf", settings);
  }

  private TestGateway gatewayOver(String protocol, String... settings) {
    Map<String, String> all = new HashMap<>();
    all.put("TELEMETRY_ENABLED", "true");
    all.put("TELEMETRY_PROTOCOL", protocol);
    all.put("TELEMETRY_ENDPOINT", collector.url(protocol).toString());
    all.put("TELEMETRY_INTERVAL", "50ms");
    all.put("TELEMETRY_SAMPLING_RATIO", "1");
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    return TestGateway.start(all);
  }

  private String traceparent(String flags) {
    return "00-%s-%s-%s".formatted(trace, CLIENT_SPAN, flags);
  }

  private static McpTestClient.Reply call(
      McpTestClient client, String tool, Map<String, ?> meta, String... headers) {
    var body =
        Map.of(
            "jsonrpc",
            "2.0",
            "id",
            "call-1",
            "method",
            "tools/call",
            "params",
            Map.of("name", tool, "arguments", Map.of("text", "hi"), "_meta", meta));
    return client.post(TestGateway.json(body), headers);
  }

  private Span span(Predicate<Span> wanted) throws InterruptedException {
    UpstreamFixtures.await(() -> collector.spans().stream().anyMatch(wanted));
    return collector.spans().stream().filter(wanted).findFirst().orElseThrow();
  }

  private Span span(String name, SpanKind kind) throws InterruptedException {
    return span(each ->
        each.getName().equals(name)
            && each.getKind() == kind
            && hex(each.getTraceId()).equals(trace));
  }

  private Received received(String method) {
    return server.received().stream()
        .filter(each -> each.body().contains("\"" + method + "\""))
        .reduce((_, last) -> last)
        .orElseThrow();
  }

  private static JsonNode meta(Received request) {
    return TestGateway.parse(request.body()).path("params").path("_meta");
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http/protobuf"})
  void goesOnWithTheTraceOfTheClientUpToTheTarget(String protocol) throws InterruptedException {
    try (TestGateway gateway = gatewayOver(protocol)) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", Map.of(), "traceparent", traceparent("01"), "tracestate", "v=1");

      Span http = span("POST /mcp", SpanKind.SPAN_KIND_SERVER);
      Span mcp = span("tools/call echo", SpanKind.SPAN_KIND_SERVER);
      Span target = span("tools/call echo", SpanKind.SPAN_KIND_CLIENT);
      assertThat(hex(http.getParentSpanId())).isEqualTo(CLIENT_SPAN);
      assertThat(mcp.getParentSpanId()).isEqualTo(http.getSpanId());
      assertThat(target.getParentSpanId()).isEqualTo(mcp.getSpanId());
      for (String step : List.of("authentication", "policy", "credentials")) {
        assertThat(span(step, SpanKind.SPAN_KIND_INTERNAL).getParentSpanId())
            .isEqualTo(mcp.getSpanId());
      }
      assertThat(collector.spans(trace))
          .allSatisfy(span ->
              assertThat(span.getEndTimeUnixNano())
                  .isGreaterThanOrEqualTo(span.getStartTimeUnixNano()));
      String onward = "00-%s-%s-01".formatted(trace, hex(target.getSpanId()));
      Received request = received("tools/call");
      assertThat(request.header("traceparent")).hasValue(onward);
      assertThat(request.header("tracestate")).hasValue("v=1");
      assertThat(meta(request).path("traceparent").asText()).isEqualTo(onward);
      assertThat(meta(request).path("tracestate").asText()).isEqualTo("v=1");
      JsonNode row = gateway.row("method=tools/call", _ -> true);
      assertThat(row.get("trace_id").asText()).isEqualTo(trace);
    }
  }

  @Test
  void saysWhatTheConventionsWantToKnow() throws InterruptedException {
    try (TestGateway gateway = gateway("TELEMETRY_RESOURCE_ATTRIBUTES", "team=blue")) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", Map.of(), "traceparent", traceparent("01"));

      var http = span("POST /mcp", SpanKind.SPAN_KIND_SERVER).getAttributesList();
      assertThat(attribute(http, "http.request.method")).isEqualTo("POST");
      assertThat(attribute(http, "http.route")).isEqualTo("/mcp");
      assertThat(attribute(http, "http.response.status_code")).isEqualTo("200");
      var mcp = span("tools/call echo", SpanKind.SPAN_KIND_SERVER).getAttributesList();
      assertThat(attribute(mcp, "mcp.method.name")).isEqualTo("tools/call");
      assertThat(attribute(mcp, "gen_ai.tool.name")).isEqualTo("echo");
      assertThat(attribute(mcp, "gen_ai.operation.name")).isEqualTo("execute_tool");
      assertThat(attribute(mcp, "mcp.protocol.version")).isEqualTo("2025-11-25");
      assertThat(attribute(mcp, "jsonrpc.request.id")).isEqualTo("call-1");
      assertThat(attribute(mcp, "reflow.target")).isEqualTo("web");
      assertThat(attribute(mcp, "mcp.session.id"))
          .isNotEmpty()
          .isNotEqualTo(client.session().orElseThrow());
      var target = span("tools/call echo", SpanKind.SPAN_KIND_CLIENT).getAttributesList();
      assertThat(attribute(target, "server.address")).isEqualTo("127.0.0.1");
      assertThat(attribute(target, "server.port"))
          .isEqualTo(Integer.toString(server.url().getPort()));
      assertThat(collector.resource("service.name")).hasValue("reflow-gateway");
      assertThat(collector.resource("team")).hasValue("blue");
      assertThat(collector.resource("service.instance.id"))
          .hasValue(gateway.row("method=tools/call", _ -> true).get("replica").asText());
    }
  }

  @Test
  void takesTheParentThatTheMessageNames() throws InterruptedException {
    try (TestGateway gateway = gateway()) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      String other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

      call(client, "web_echo", Map.of("traceparent", traceparent("01")), "traceparent", other);

      Span mcp = span("tools/call echo", SpanKind.SPAN_KIND_SERVER);
      Span http = span(each -> hex(each.getParentSpanId()).equals("b7ad6b7169203331"));
      assertThat(hex(mcp.getParentSpanId())).isEqualTo(CLIENT_SPAN);
      assertThat(mcp.getLinks(0).getSpanId()).isEqualTo(http.getSpanId());
      assertThat(meta(received("tools/call")).path("traceparent").asText()).contains(trace);
      assertThat(gateway.row("method=tools/call", _ -> true).get("trace_id").asText())
          .isEqualTo(trace);
    }
  }

  @Test
  void tellsAProcessWhichTraceHasStartedIt() throws InterruptedException {
    try (TestGateway gateway = gateway()) {
      List<String> command = StdioServer.command("traceparent");
      gateway.allow(gateway.target("child", command), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken(), "child").initialize();

      String told = client.callTool("traceparent", Map.of()).body();

      Span start = span(each -> each.getName().equals("process start"));
      assertThat(told)
          .contains("00-%s-%s-01".formatted(hex(start.getTraceId()), hex(start.getSpanId())));
      // Of the session's first message or of the call, whichever came first.
      Span message = span(each -> each.getSpanId().equals(start.getParentSpanId()));
      assertThat(message.getKind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
      assertThat(message.getTraceId()).isEqualTo(start.getTraceId());
      assertThat(attribute(start.getAttributesList(), "reflow.target")).isEqualTo("child");
    }
  }

  @Test
  void goesOnWithTheTraceInTheStatelessEra() throws InterruptedException {
    try (var stateless = new FakeStatelessServer();
        TestGateway gateway = gateway()) {
      gateway.allow(gateway.target("web", TestGateway.http(stateless.url())), gateway.adminToken());
      var client =
          new StatelessClient(gateway.client(gateway.adminToken()))
              .with("traceparent", traceparent("01"));

      client.callTool("web_echo", Map.of("text", "hi"));

      Span target = span("tools/call echo", SpanKind.SPAN_KIND_CLIENT);
      assertThat(stateless.received())
          .anyMatch(request ->
              request.body().contains("00-%s-%s-01".formatted(trace, hex(target.getSpanId()))));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, false, 01, 00", "1, false, 00, 01", "0, true, 01, 01", "1, true, 00, 00"})
  void letsClientsDecideOnlyWhereAnAdminSaysSo(
      String ratio, String follow, String sent, String onward) throws InterruptedException {
    try (TestGateway gateway =
        gateway("TELEMETRY_SAMPLING_RATIO", ratio, "TELEMETRY_FOLLOW_CLIENTS", follow)) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", Map.of(), "traceparent", traceparent(sent));

      assertThat(received("tools/call").header("traceparent").orElseThrow())
          .startsWith("00-" + trace)
          .endsWith("-" + onward);
      if (onward.equals("01")) {
        span("tools/call echo", SpanKind.SPAN_KIND_SERVER);
      } else {
        gateway.stop();
        assertThat(collector.spans(trace)).isEmpty();
      }
    }
  }

  @Test
  void passesOnNoBaggageButWhatAnAdminHasNamed() throws InterruptedException {
    Map<String, ?> meta = Map.of("baggage", "tenant=a;p=1, token=b,region=c");
    try (TestGateway gateway = gateway("TELEMETRY_BAGGAGE", "tenant,region")) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", meta);

      assertThat(meta(received("tools/call")).path("baggage").asText())
          .isEqualTo("tenant=a;p=1,region=c");
      assertThat(received("tools/call").header("baggage")).hasValue("tenant=a;p=1,region=c");
    }
    try (TestGateway gateway = TestGateway.start()) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", meta);

      assertThat(meta(received("tools/call")).has("baggage")).isFalse();
    }
  }

  @Test
  void staysOutOfTheWayWhileItIsOff() throws InterruptedException {
    try (TestGateway gateway = TestGateway.start()) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", Map.of("traceparent", traceparent("01")));

      Received request = received("tools/call");
      assertThat(meta(request).path("traceparent").asText()).isEqualTo(traceparent("01"));
      assertThat(request.header("traceparent")).isEmpty();
      assertThat(gateway.row("method=tools/call", _ -> true).get("trace_id").asText())
          .isEqualTo(trace);
      assertThat(collector.attempts()).isZero();
    }
  }

  @Test
  void boundsAndEscapesWhatClientsMakeUp() throws InterruptedException {
    try (TestGateway gateway = gateway()) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      String name = "web_\u001b[31m" + "x".repeat(1 << 20);

      call(client, name, Map.of("traceparent", traceparent("01")));
      client.post(
          "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"no\\u0007such\",\"params\":{\"_meta\":"
              + "{\"traceparent\":\"%s\"}}}".formatted(traceparent("01")));

      Span call = span("tools/call", SpanKind.SPAN_KIND_SERVER);
      assertThat(call.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
      assertThat(call.getSerializedSize()).isLessThan(4096);
      assertThat(attribute(call.getAttributesList(), "error.type")).isEqualTo("-32602");
      assertThat(attribute(call.getAttributesList(), "gen_ai.tool.name"))
          .contains("\\u001b[31m")
          .doesNotContain("\u001b");
      Span unknown = span("_OTHER", SpanKind.SPAN_KIND_SERVER);
      assertThat(attribute(unknown.getAttributesList(), "mcp.method.name"))
          .isEqualTo("no\\u0007such");
    }
  }

  @Test
  void tracesWhoIsNotLetInToo() throws InterruptedException {
    try (TestGateway gateway = gateway()) {
      gateway.client("no-token").post("{}", "traceparent", traceparent("01"));

      Span http = span("POST /mcp", SpanKind.SPAN_KIND_SERVER);
      Span refused = span("authentication", SpanKind.SPAN_KIND_INTERNAL);
      assertThat(refused.getParentSpanId()).isEqualTo(http.getSpanId());
      assertThat(attribute(refused.getAttributesList(), "error.type"))
          .isEqualTo("NotAuthenticated");
      assertThat(attribute(http.getAttributesList(), "http.response.status_code")).isEqualTo("401");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http/protobuf"})
  void copiesLogAndAuditRowsWithTheirTrace(String protocol) throws InterruptedException {
    try (TestGateway gateway = gatewayOver(protocol, "TELEMETRY_AUDIT", "true")) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();

      call(client, "web_echo", Map.of("traceparent", traceparent("01")));

      LogRecord row =
          log(each ->
              each.getEventName().equals("reflow.audit") && hex(each.getTraceId()).equals(trace));
      var facts = row.getAttributesList();
      assertThat(row.getBody().getStringValue()).isEqualTo("tools/call allowed");
      assertThat(attribute(facts, "reflow.audit.target_name")).isEqualTo("web");
      assertThat(attribute(facts, "reflow.audit.feature_name")).isEqualTo("echo");
      assertThat(attribute(facts, "reflow.audit.sequence"))
          .isEqualTo(gateway.row("method=tools/call", _ -> true).get("sequence").asText());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"grpc", "http/protobuf"})
  void copiesTheLogWithItsTrace(String protocol) throws InterruptedException {
    try (TestGateway gateway = gatewayOver(protocol)) {
      LoggerFactory.getLogger(TelemetryIT.class)
          .atWarn()
          .setCause(new IllegalStateException("no such thing"))
          .addKeyValue("traceId", trace)
          .addKeyValue("target", "web")
          .addKeyValue("durationMs", 12)
          .log("A tool said \u001b[31m");

      LogRecord line = log(each -> hex(each.getTraceId()).equals(trace));
      assertThat(line.getBody().getStringValue()).isEqualTo("A tool said \\u001b[31m");
      assertThat(line.getSeverityText()).isEqualTo("WARN");
      assertThat(attribute(line.getAttributesList(), "target")).isEqualTo("web");
      assertThat(attribute(line.getAttributesList(), "durationMs")).isEqualTo("12");
      assertThat(attribute(line.getAttributesList(), "exception.message"))
          .isEqualTo("no such thing");
      assertThat(gateway.port()).isPositive();
    }
  }

  private LogRecord log(Predicate<LogRecord> wanted) throws InterruptedException {
    UpstreamFixtures.await(() -> collector.logs().stream().anyMatch(wanted));
    return collector.logs().stream().filter(wanted).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"grpc, HANGS", "grpc, REFUSES", "http/protobuf, HANGS", "http/protobuf, REFUSES"})
  void keepsNoCallWaitingForTheCollector(String protocol, Manner manner)
      throws InterruptedException {
    collector.manner(manner);
    try (TestGateway gateway =
        gatewayOver(protocol, "TELEMETRY_AUDIT", "true", "TELEMETRY_TIMEOUT", "60s")) {
      gateway.allow(gateway.target("web", server), gateway.adminToken());
      McpTestClient client = gateway.client(gateway.adminToken()).initialize();
      UpstreamFixtures.await(() -> collector.attempts() > 0);

      for (int i = 0; i < 50; i++) {
        assertThat(call(client, "web_echo", Map.of()).status()).isEqualTo(200);
      }

      assertThat(gateway.logs("method=tools/call&limit=100")).isNotNull();
      collector.manner(Manner.TAKES);
    }
  }

  @Test
  void sendsTheHeadersThatAreConfigured() throws InterruptedException {
    try (TestGateway gateway = gateway("TELEMETRY_HEADERS", "authorization: Bearer c0llector")) {
      UpstreamFixtures.await(() -> !collector.headers().isEmpty());

      assertThat(collector.headers())
          .allMatch(head -> head.toString().contains("Bearer c0llector"));
      assertThat(gateway.port()).isPositive();
    }
    assertThat(collector.text()).doesNotContain("c0llector");
  }
}
