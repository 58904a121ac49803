package io.reflow.gateway.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// An OTLP collector in this JVM that keeps what it gets: over HTTP, and over gRPC.
public final class OtlpReceiver implements AutoCloseable {

  private final List<ExportTraceServiceRequest> traces = new CopyOnWriteArrayList<>();
  private final List<ExportLogsServiceRequest> logs = new CopyOnWriteArrayList<>();
  private final List<ExportMetricsServiceRequest> metrics = new CopyOnWriteArrayList<>();
  private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
  private final AtomicInteger attempts = new AtomicInteger();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer http;
  private final Server grpc;
  private volatile Manner manner = Manner.TAKES;

  /// How it answers.
  public enum Manner {
    TAKES,
    /// With a status that asks to try again.
    REFUSES,
    /// Never.
    HANGS
  }

  public OtlpReceiver() {
    var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      http = HttpServer.create(anyPort, 64);
      grpc =
          OkHttpServerBuilder.forPort(anyPort, InsecureServerCredentials.create())
              .executor(threads)
              .addService(new Traces())
              .addService(new Logs())
              .addService(new Metrics())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.setExecutor(threads);
    http.createContext("/", this::handle);
    http.start();
  }

  /// Where it listens for a protocol, as `telemetry.protocol` names it.
  public URI url(String protocol) {
    int port = protocol.equals("grpc") ? grpc.getPort() : http.getAddress().getPort();
    return URI.create("http://127.0.0.1:" + port);
  }

  public OtlpReceiver manner(Manner now) {
    manner = now;
    return this;
  }

  /// How many exports were tried.
  public int attempts() {
    return attempts.get();
  }

  /// What exports over HTTP had in their heads.
  public List<Map<String, List<String>>> headers() {
    return headers;
  }

  public List<Span> spans() {
    return traces.stream()
        .flatMap(request -> request.getResourceSpansList().stream())
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .flatMap(scope -> scope.getSpansList().stream())
        .toList();
  }

  /// The spans of a trace.
  public List<Span> spans(String trace) {
    return spans().stream().filter(span -> hex(span.getTraceId()).equals(trace)).toList();
  }

  public List<LogRecord> logs() {
    return logs.stream()
        .flatMap(request -> request.getResourceLogsList().stream())
        .flatMap(resource -> resource.getScopeLogsList().stream())
        .flatMap(scope -> scope.getLogRecordsList().stream())
        .toList();
  }

  public List<Metric> metrics() {
    return metrics.stream()
        .flatMap(request -> request.getResourceMetricsList().stream())
        .flatMap(resource -> resource.getScopeMetricsList().stream())
        .flatMap(scope -> scope.getMetricsList().stream())
        .toList();
  }

  /// All that has come, as text.
  public String text() {
    return traces + "\n" + logs + "\n" + metrics;
  }

  public static String hex(ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  /// The value of an attribute; empty where there is none.
  public static String attribute(List<KeyValue> attributes, String name) {
    return attributes.stream()
        .filter(each -> each.getKey().equals(name))
        .map(each ->
            each.getValue().hasIntValue()
                ? Long.toString(each.getValue().getIntValue())
                : each.getValue().getStringValue())
        .collect(Collectors.joining());
  }

  /// Who has exported the newest span.
  public Optional<String> resource(String attribute) {
    return traces.reversed().stream()
        .findFirst()
        .map(request ->
            attribute(request.getResourceSpans(0).getResource().getAttributesList(), attribute));
  }

  /// False where the export is refused.
  private boolean takes() {
    attempts.incrementAndGet();
    return switch (manner) {
      case TAKES -> true;
      case REFUSES -> false;
      case HANGS -> {
        try {
          closing.await();
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        }
        yield false;
      }
    };
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    headers.add(Map.copyOf(exchange.getRequestHeaders()));
    int status = takes() ? keep(exchange.getRequestURI().getPath(), body) : 503;
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  private int keep(String path, byte[] body) {
    try {
      switch (path) {
        case "/v1/traces" -> traces.add(ExportTraceServiceRequest.parseFrom(body));
        case "/v1/logs" -> logs.add(ExportLogsServiceRequest.parseFrom(body));
        case "/v1/metrics" -> metrics.add(ExportMetricsServiceRequest.parseFrom(body));
        default -> {
          return 404;
        }
      }
      return 200;
    } catch (InvalidProtocolBufferException _) {
      return 400;
    }
  }

  private <Q, A> void take(List<Q> all, Q request, A answer, StreamObserver<A> to) {
    if (takes()) {
      all.add(request);
      to.onNext(answer);
      to.onCompleted();
    } else {
      to.onError(Status.UNAVAILABLE.withDescription("come back later").asException());
    }
  }

  private final class Traces extends TraceServiceGrpc.TraceServiceImplBase {
    @Override
    public void export(
        ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> to) {
      take(traces, request, ExportTraceServiceResponse.getDefaultInstance(), to);
    }
  }

  private final class Logs extends LogsServiceGrpc.LogsServiceImplBase {
    @Override
    public void export(
        ExportLogsServiceRequest request, StreamObserver<ExportLogsServiceResponse> to) {
      take(logs, request, ExportLogsServiceResponse.getDefaultInstance(), to);
    }
  }

  private final class Metrics extends MetricsServiceGrpc.MetricsServiceImplBase {
    @Override
    public void export(
        ExportMetricsServiceRequest request, StreamObserver<ExportMetricsServiceResponse> to) {
      take(metrics, request, ExportMetricsServiceResponse.getDefaultInstance(), to);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    http.stop(0);
    grpc.shutdownNow();
    threads.shutdownNow();
  }
}
