package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// An MCP server over standard input and output whose every word a test makes up: its process only
/// hands on what it reads and what the test says.
public final class PipedServer implements AutoCloseable {

  private final ServerSocket listener;
  private final Set<Socket> processes = ConcurrentHashMap.newKeySet();
  private final Talk talk;

  /// Its processes connect to a port of the system's choice.
  public PipedServer(Talk talk) {
    this.talk = talk;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("piped-server").start(this::accept);
  }

  /// The command that runs its process.
  public List<String> command() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xshare:auto",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        Path.of(PipedServer.class.getProtectionDomain().getCodeSource().getLocation().getPath())
            .toString(),
        PipedServer.class.getName(),
        Integer.toString(listener.getLocalPort()));
  }

  private void accept() {
    try {
      while (true) {
        Socket process = listener.accept();
        processes.add(process);
        Thread.ofVirtual().name("piped-server-process").start(() -> serve(process));
      }
    } catch (IOException _) {
      // It is closed.
    }
  }

  private void serve(Socket process) {
    var writing = new ReentrantLock();
    try (process;
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      OutputStream out = process.getOutputStream();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String message = line;
        Thread.ofVirtual()
            .start(() ->
                receive(
                    message,
                    said -> {
                      writing.lock();
                      try {
                        out.write((said + "\n").getBytes(UTF_8));
                      } finally {
                        writing.unlock();
                      }
                    }));
      }
    } catch (IOException _) {
      // The process is gone, or this is closed.
    } finally {
      processes.remove(process);
    }
  }

  private void receive(String message, FakeTools.Peer peer) {
    try {
      talk.receive(message, peer);
    } catch (IOException _) {
      // Nobody hears it any more.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Runs in the process.
  ///
  /// @param arguments the port
  public static void main(String[] arguments) throws IOException {
    try (Socket test =
        new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]))) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              handOn(System.in, test.getOutputStream());
              test.close();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      handOn(test.getInputStream(), System.out);
    }
  }

  private static void handOn(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[8192];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      out.write(buffer, 0, read);
      out.flush();
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket process : processes) {
        process.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
