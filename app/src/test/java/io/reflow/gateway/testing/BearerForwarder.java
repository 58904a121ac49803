package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Stands before a gateway and logs every request in with one token, for clients that cannot. All
/// else passes as it is, bytes and order: each connection of a client has its own to the gateway,
/// and when one of the two ends so does the other.
public final class BearerForwarder implements AutoCloseable {

  private static final String NAME = "bearer-forwarder-";
  private static final int MAX_HEAD = 64 * 1024;

  private final ServerSocket server;
  private final int target;
  private final String header;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private BearerForwarder(int target, String token) throws IOException {
    this.server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    this.target = target;
    this.header = "Authorization: Bearer " + token + "\r\n";
  }

  /// Starts one.
  ///
  /// @param target the gateway's port
  public static BearerForwarder start(int target, String token) {
    try {
      BearerForwarder forwarder = new BearerForwarder(target, token);
      Thread _ = Thread.ofVirtual().name(NAME + "accept").start(forwarder::accept);
      return forwarder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Where clients come to; by name, as the checks of Host and Origin want it.
  public URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(server.getLocalPort(), path));
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        open.add(client);
        Thread _ = Thread.ofVirtual().name(NAME + "requests").start(() -> serve(client));
      } catch (IOException _) {
        // closed, or the client was gone before it was here
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket gateway = new Socket(InetAddress.getLoopbackAddress(), target)) {
      open.add(gateway);
      client.setTcpNoDelay(true);
      gateway.setTcpNoDelay(true);
      Thread _ = Thread.ofVirtual().name(NAME + "answers").start(() -> answers(gateway, client));
      InputStream in = new BufferedInputStream(client.getInputStream());
      while (request(in, gateway.getOutputStream())) {
        // the next one on the same connection
      }
      open.remove(gateway);
    } catch (IOException _) {
      // either side is gone, and with it the other
    } finally {
      open.remove(client);
    }
  }

  private static void answers(Socket gateway, Socket client) {
    try (client;
        gateway) {
      gateway.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException _) {
      // either side is gone, and with it the other
    }
  }

  /// Passes one request on, with the header put in; false when there is none.
  private boolean request(InputStream in, OutputStream out) throws IOException {
    String head = head(in);
    if (head.isEmpty()) {
      return false;
    }
    int first = head.indexOf("\r\n") + 2;
    out.write((head.substring(0, first) + header + head.substring(first)).getBytes(ISO_8859_1));
    if (field(head, "transfer-encoding").contains("chunked")) {
      chunks(in, out);
    } else {
      String length = field(head, "content-length");
      copy(in, out, length.isEmpty() ? 0 : Integer.parseInt(length));
    }
    out.flush();
    return true;
  }

  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      head.append(line);
      if (line.equals("\r\n")) {
        return head.toString();
      }
      if (head.length() > MAX_HEAD) {
        throw new IOException("too long a head");
      }
    }
    return "";
  }

  /// A line with its end, or nothing at the end of the stream.
  private static String line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    int next = in.read();
    while (next != -1 && next != '\n' && line.size() < MAX_HEAD) {
      line.write(next);
      next = in.read();
    }
    if (next == '\n') {
      line.write(next);
    }
    return line.toString(ISO_8859_1);
  }

  private static String field(String head, String name) {
    return head.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip().toLowerCase(Locale.ROOT))
        .findFirst()
        .orElse("");
  }

  private static void chunks(InputStream in, OutputStream out) throws IOException {
    int size;
    do {
      String line = line(in);
      size = Integer.parseInt(line.split("[;\\s]", 2)[0], 16);
      out.write(line.getBytes(ISO_8859_1));
      copy(in, out, size + 2);
    } while (size > 0);
  }

  private static void copy(InputStream in, OutputStream out, int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    out.write(bytes);
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
