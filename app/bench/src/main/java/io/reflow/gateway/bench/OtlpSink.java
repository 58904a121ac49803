package io.reflow.gateway.bench;

import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ObjIntConsumer;
import java.util.stream.Collectors;

/// Takes what a gateway exports over OTLP (http/protobuf) and counts it by name, without decoding
/// more than that: a collector that costs next to nothing. `GET /counts` tells.
final class OtlpSink {

  // https://github.com/open-telemetry/opentelemetry-proto: in the requests of all signals the items
  // are the second field within the second field within the first.
  private static final int OF_RESOURCE = 1;
  private static final int OF_SCOPE = 2;
  private static final int ITEM = 2;
  private static final int SPAN_NAME = 5;
  private static final int METRIC_NAME = 1;

  private static final byte[] NOTHING = {};

  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  private OtlpSink() {}

  public static void main(String[] arguments) throws IOException {
    var sink = new OtlpSink();
    BareServer.run(sink::route);
  }

  private void route(HttpRouting.Builder routing) {
    routing
        .post("/v1/traces", (request, response) -> take("span", SPAN_NAME, request, response))
        .post("/v1/metrics", (request, response) -> take("metric", METRIC_NAME, request, response))
        .post("/v1/logs", (_, response) -> response.send(NOTHING))
        .get("/counts", (_, response) -> response.send(told()));
  }

  private void take(String signal, int nameField, ServerRequest request, ServerResponse response) {
    each(
        ByteBuffer.wrap(request.content().as(byte[].class)),
        (resource, field) -> {
          if (field == OF_RESOURCE) {
            each(
                resource,
                (scope, inResource) -> {
                  if (inResource == OF_SCOPE) {
                    each(
                        scope,
                        (item, inScope) -> {
                          if (inScope == ITEM) {
                            count(signal, nameField, item);
                          }
                        });
                  }
                });
          }
        });
    response.send(NOTHING);
  }

  private void count(String signal, int nameField, ByteBuffer item) {
    each(
        item,
        (name, field) -> {
          if (field == nameField) {
            counts
                .computeIfAbsent(
                    signal + " " + StandardCharsets.UTF_8.decode(name), _ -> new LongAdder())
                .increment();
          }
        });
  }

  /// Hands on each field that has a length, and its number.
  private static void each(ByteBuffer message, ObjIntConsumer<ByteBuffer> taker) {
    while (message.hasRemaining()) {
      int tag = (int) number(message);
      switch (tag & 7) {
        case 0 -> {
          long _ = number(message);
        }
        case 1 -> message.position(message.position() + Long.BYTES);
        case 2 -> {
          int length = (int) number(message);
          ByteBuffer value = message.slice(message.position(), length);
          message.position(message.position() + length);
          taker.accept(value, tag >>> 3);
        }
        case 5 -> message.position(message.position() + Integer.BYTES);
        default -> throw new IllegalArgumentException("not a message of protobuf");
      }
    }
  }

  private static long number(ByteBuffer from) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = from.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("not a number of protobuf");
  }

  private String told() {
    return new TreeMap<>(counts)
        .entrySet().stream()
            .map(each -> "\"%s\":%d".formatted(each.getKey(), each.getValue().sum()))
            .collect(Collectors.joining(",", "{", "}"));
  }
}
