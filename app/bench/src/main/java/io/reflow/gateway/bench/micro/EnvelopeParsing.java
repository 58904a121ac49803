package io.reflow.gateway.bench.micro;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Reading a client's call of 300 bytes and a target's answer of 2 KB.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EnvelopeParsing {

  private final byte[] call =
      """
      {"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"github_search_issues",\
      "arguments":{"query":"is:open label:bug \\"out of memory\\"","limit":20,\
      "filters":{"state":"open","labels":["first","second"]},"note":"three hundred bytes or so"},\
      "_meta":{"progressToken":17}}}\
      """
          .getBytes(UTF_8);
  private final byte[] result =
      """
      {"jsonrpc":"2.0","id":4711,"result":{"content":[{"type":"text","text":"%s"}],\
      "structuredContent":{"items":[%s]},"isError":false}}\
      """
          .formatted(
              "Some text, \\\"as it is\\\". ".repeat(8),
              "{\"id\":1,\"name\":\"an item\",\"score\":1.25,\"labels\":[\"a\",\"b\"]},".repeat(27)
                  + "{}")
          .getBytes(UTF_8);

  @Benchmark
  public Message ofACall() throws MalformedMessage {
    return MessageReader.read(call, 0, call.length);
  }

  @Benchmark
  public Message ofAResult() throws MalformedMessage {
    return MessageReader.read(result, 0, result.length);
  }
}
