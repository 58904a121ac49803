package io.reflow.gateway.telemetry;

import com.sun.management.UnixOperatingSystemMXBean;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/// The figures of the process and its JVM. The management beans are first touched by the first
/// collection: they cost a start some 50 ms.
final class ProcessMetrics {

  private static final AttributeKey<String> POOL = AttributeKey.stringKey("jvm.memory.pool.name");
  private static final AttributeKey<String> TYPE = AttributeKey.stringKey("jvm.memory.type");
  private static final AttributeKey<String> COLLECTOR = AttributeKey.stringKey("jvm.gc.name");
  private static final Path STATUS = Path.of("/proc/self/status");

  private final Meter meter;

  ProcessMetrics(Meter meter) {
    this.meter = meter;
  }

  void register() {
    registerProcess();
    registerMemory();
    registerThreadsAndCollectors();
  }

  private void registerProcess() {
    double started =
        ProcessHandle.current().info().startInstant().orElseGet(Instant::now).toEpochMilli() / 1e3;
    meter
        .gaugeBuilder("process.start.time")
        .setUnit("s")
        .setDescription("When the process started, in seconds since 1970")
        .buildWithCallback(it -> it.record(started));
    meter
        .counterBuilder("process.cpu")
        .ofDoubles()
        .setUnit("s")
        .setDescription("Processor time of the process")
        .buildWithCallback(it ->
            it.record(
                ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis()
                    / 1e3));
    meter
        .gaugeBuilder("process.resident.memory")
        .ofLongs()
        .setUnit("By")
        .setDescription("Memory of the process that is in RAM")
        .buildWithCallback(it -> it.record(residentBytes()));
    meter
        .gaugeBuilder("process.open.fds")
        .ofLongs()
        .setDescription("Open files and sockets")
        .buildWithCallback(it -> {
          if (ManagementFactory.getOperatingSystemMXBean()
              instanceof UnixOperatingSystemMXBean unix) {
            it.record(unix.getOpenFileDescriptorCount());
          }
        });
  }

  private void registerMemory() {
    meter
        .gaugeBuilder("jvm.memory.used")
        .ofLongs()
        .setUnit("By")
        .setDescription("Memory in use")
        .buildWithCallback(it ->
            ManagementFactory.getMemoryPoolMXBeans()
                .forEach(pool -> {
                  MemoryUsage usage = pool.getUsage();
                  if (usage != null) {
                    it.record(usage.getUsed(), labels(pool));
                  }
                }));
    meter
        .gaugeBuilder("jvm.memory.limit")
        .ofLongs()
        .setUnit("By")
        .setDescription("Memory that can be had")
        .buildWithCallback(it ->
            ManagementFactory.getMemoryPoolMXBeans()
                .forEach(pool -> {
                  MemoryUsage usage = pool.getUsage();
                  if (usage != null && usage.getMax() >= 0) {
                    it.record(usage.getMax(), labels(pool));
                  }
                }));
  }

  private void registerThreadsAndCollectors() {
    meter
        .gaugeBuilder("jvm.thread.count")
        .ofLongs()
        .setUnit("{thread}")
        .setDescription("Platform threads")
        .buildWithCallback(it -> it.record(ManagementFactory.getThreadMXBean().getThreadCount()));
    meter
        .counterBuilder("jvm.gc.time")
        .ofDoubles()
        .setUnit("s")
        .setDescription("Time that collections took")
        .buildWithCallback(it -> {
          for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            it.record(
                collector.getCollectionTime() / 1e3, Attributes.of(COLLECTOR, collector.getName()));
          }
        });
  }

  private static Attributes labels(MemoryPoolMXBean pool) {
    String type = pool.getType() == MemoryType.HEAP ? "heap" : "non_heap";
    return Attributes.of(POOL, pool.getName(), TYPE, type);
  }

  /// 0 where the system does not tell.
  private static long residentBytes() {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(it -> it.startsWith("VmRSS:"))
          .map(it -> it.replaceAll("\\D", ""))
          .mapToLong(it -> Long.parseLong(it) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException | UncheckedIOException | NumberFormatException _) {
      return 0;
    }
  }
}
