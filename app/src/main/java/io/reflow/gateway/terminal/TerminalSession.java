package io.reflow.gateway.terminal;

import io.reflow.gateway.config.TerminalConfig;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.http.Socket;
import io.reflow.gateway.http.Socket.Message;
import io.reflow.gateway.upstream.stdio.Terminal;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A terminal that is open: binary messages are what is typed and what is shown, a text message is
/// a new size. It ends with its program, its client, its time, or whoever says so.
final class TerminalSession {

  private static final int CHUNK = 8 << 10;
  private static final Duration LAST_OUTPUT = Duration.ofSeconds(10);

  private final Duration idle;
  private final Duration longest;
  private final Socket socket;
  private final Terminal terminal;
  private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

  TerminalSession(TerminalConfig config, Socket socket, Terminal terminal) {
    this.idle = config.idleTimeout();
    this.longest = config.maxDuration();
    this.socket = socket;
    this.terminal = terminal;
  }

  /// The first message to the client.
  public record OpenedJson(String type) {}

  /// The last message to the client.
  public record ClosedJson(String type, String reason) {}

  /// Why it has ended.
  String reason() {
    return Optional.ofNullable(reason.get()).orElse("unknown");
  }

  /// Ends it, on any thread, without waiting; the first reason counts.
  void end(String why) {
    if (reason.compareAndSet(null, why)) {
      terminal.kill();
      socket.stopReceiving();
    }
  }

  /// Returns when it is over.
  void run() throws InterruptedException {
    boolean _ = socket.send(new OpenedJson("opened"));
    Thread pump = Thread.ofPlatform().daemon().name("terminal-" + terminal.pid()).start(this::show);
    socket.whenOver(() -> end("the client has left"));
    try {
      takeInput();
    } catch (IOException e) {
      end("the program does not read what is typed");
    } catch (InvalidRequest e) {
      end(e.reason());
    } finally {
      terminal.close();
    }
    boolean _ = pump.join(LAST_OUTPUT);
    boolean _ = socket.send(new ClosedJson("closed", reason()));
    socket.close(reason());
  }

  private void takeInput() throws InterruptedException, IOException {
    long begin = System.nanoTime();
    long typed = begin;
    while (reason.get() == null) {
      long now = System.nanoTime();
      Duration idleLeft = idle.minusNanos(now - typed);
      Duration left = longest.minusNanos(now - begin);
      if (!idleLeft.isPositive()) {
        end("nothing was typed for %d s".formatted(idle.toSeconds()));
      } else if (!left.isPositive()) {
        end("it was open for %d s, the longest allowed".formatted(longest.toSeconds()));
      } else {
        Optional<Message> message = socket.receive(idleLeft.compareTo(left) < 0 ? idleLeft : left);
        if (message.isPresent()) {
          typed = System.nanoTime();
          take(message.get());
        }
      }
    }
  }

  private void take(Message message) throws IOException {
    switch (message) {
      case Message.Binary(var bytes) -> terminal.write(bytes);
      case Message.Text text -> {
        SizeJson size = text.as(SizeJson.class);
        terminal.resize(size.columns(), size.rows());
      }
      case Message.End() -> end("the client has left");
    }
  }

  /// Reads to the end even if nobody looks: the terminal can only be closed then.
  private void show() {
    byte[] chunk = new byte[CHUNK];
    try {
      for (int count = terminal.read(chunk); count >= 0; count = terminal.read(chunk)) {
        boolean _ = socket.send(Arrays.copyOf(chunk, count));
      }
      end("the program " + terminal.ending());
    } catch (IOException e) {
      end("the terminal can't be read");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
