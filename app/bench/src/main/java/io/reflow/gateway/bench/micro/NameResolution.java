package io.reflow.gateway.bench.micro;

import io.reflow.gateway.catalog.Names;
import io.reflow.gateway.config.McpConfig.Naming;
import io.reflow.gateway.config.McpConfig.Prefix;
import io.reflow.gateway.target.Isolation;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.target.Transport;
import io.reflow.gateway.target.UpstreamAuth;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// Which of twenty targets a prefixed tool name belongs to: the last one.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class NameResolution {

  private final Names names = new Names(new Naming(Prefix.ALWAYS, "_", 128));
  private final List<Target> targets =
      IntStream.range(0, 20).mapToObj(i -> target("target-" + i)).toList();

  private static Target target(String name) {
    return new Target(
        new TargetId(UUID.randomUUID()),
        name,
        new Transport.StreamableHttp(URI.create("http://127.0.0.1/mcp")),
        Isolation.SHARED,
        new UpstreamAuth.None(),
        100,
        Optional.empty(),
        Optional.empty(),
        true,
        1);
  }

  @Benchmark
  public List<Names.Meant> amongTwentyTargets() {
    return names.candidates(targets, true, _ -> true, "target-19_search_issues");
  }
}
