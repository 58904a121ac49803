package io.reflow.gateway.upstream.stdio;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Writes lines to a process from one thread, so that a process that does not read holds up nobody
/// but those who wait for it; what has gathered meanwhile is written in one piece.
final class StdioWriter {

  private static final int MOST_WAITING = 1000;
  private static final int BATCH = 8 << 10;

  /// Enough for a process that is told little, as most are.
  private static final int FIRST = 8 << 10;

  private final OutputStream out;
  private final BlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(MOST_WAITING);
  private byte[] batch = new byte[FIRST];
  private final Thread thread;
  private int batched;
  private volatile boolean closed;

  StdioWriter(OutputStream out, String name) {
    this.out = out;
    this.thread = Thread.ofVirtual().name(name).start(this::write);
  }

  /// False when there was no room in the queue for so long.
  boolean offer(byte[] line, long nanos) throws InterruptedException {
    return queue.offer(line, nanos, TimeUnit.NANOSECONDS);
  }

  /// Drops the line when there is no room.
  void offerNow(byte[] line) {
    boolean _ = queue.offer(line);
  }

  /// True when the line has not left and won't.
  boolean withdraw(byte[] line) {
    return queue.remove(line);
  }

  /// Closes the process's input as soon as the write under way, if there is one, has ended.
  void close() {
    closed = true;
    thread.interrupt();
  }

  private void write() {
    try (out) {
      while (!closed) {
        gather(queue.take());
        byte @Nullable [] more = queue.poll();
        while (more != null) {
          gather(more);
          more = queue.poll();
        }
        flush();
      }
    } catch (IOException _) {
      // The process has ended; its reader says so.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void gather(byte[] line) throws IOException {
    if (batched + line.length + 1 > BATCH) {
      flush();
    }
    if (line.length + 1 > BATCH) {
      out.write(line);
      out.write('\n');
      return;
    }
    if (batched + line.length + 1 > batch.length) {
      batch = Arrays.copyOf(batch, BATCH);
    }
    System.arraycopy(line, 0, batch, batched, line.length);
    batched += line.length;
    batch[batched++] = '\n';
  }

  private void flush() throws IOException {
    out.write(batch, 0, batched);
    out.flush();
    batched = 0;
  }
}
