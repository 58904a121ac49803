package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// A client that sends exactly the bytes it is told to.
public final class RawClient implements AutoCloseable {

  private static final int READ_TIMEOUT_MS = 60_000;

  private final Socket socket;

  /// One response; header names in lower case.
  public record Answer(int status, Map<String, String> headers, String body) {
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  public RawClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(READ_TIMEOUT_MS);
  }

  public RawClient send(String text) throws IOException {
    return send(text.getBytes(UTF_8));
  }

  public RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  public Answer ask(String method, String path, String body, String... headers) throws IOException {
    StringBuilder request = new StringBuilder("%s %s HTTP/1.1\r\n".formatted(method, path));
    if (!String.join("\n", headers).contains("Host:")) {
      request.append("Host: localhost\r\n");
    }
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    byte[] content = body.getBytes(UTF_8);
    if (content.length > 0) {
      request.append("Content-Length: ").append(content.length).append("\r\n");
    }
    send(request.append("\r\n").toString()).send(content);
    return method.equals("HEAD") ? head() : answer();
  }

  /// Reads one response with a `Content-Length`.
  public Answer answer() throws IOException {
    Answer head = head();
    int length = Integer.parseInt(head.headers().getOrDefault("content-length", "0"));
    byte[] body = socket.getInputStream().readNBytes(length);
    return new Answer(head.status(), head.headers(), new String(body, UTF_8));
  }

  public Answer head() throws IOException {
    String status = line();
    if (status.isEmpty()) {
      throw new IOException("no answer");
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.merge(
          line.substring(0, colon).toLowerCase(Locale.ROOT),
          line.substring(colon + 1).strip(),
          (first, second) -> first + ", " + second);
    }
    return new Answer(Integer.parseInt(status.split(" ", 3)[1]), headers, "");
  }

  public String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    for (int b = in.read(); b != -1 && b != '\n'; b = in.read()) {
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(ISO_8859_1);
  }

  /// Waits until the gateway closes the connection, and gives what it still sent.
  public String rest() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }

  /// Leaves with a reset, so that the gateway's next write fails.
  public void abort() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
