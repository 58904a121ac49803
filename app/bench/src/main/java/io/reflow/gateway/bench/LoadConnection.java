package io.reflow.gateway.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One client that asks the same question again and again over a connection that stays open.
final class LoadConnection implements AutoCloseable {

  private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d+)\r\n");
  private static final int HEAD = 8 << 10;
  private static final int UNKNOWN = -1;

  private final Load load;
  private final String way;
  private final Question question;
  private final SocketChannel channel;
  private final ByteBuffer received;
  private int bodyFrom = UNKNOWN;
  private long askedAt;

  LoadConnection(Load load, String way, Question question, InetSocketAddress address)
      throws IOException {
    this.load = load;
    this.way = way;
    this.question = question;
    this.received = ByteBuffer.allocateDirect(HEAD + 2 * question.answer().limit());
    this.channel = SocketChannel.open(address);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  void begin(Selector selector) throws IOException {
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_READ, this);
    ask();
  }

  private void ask() throws IOException {
    received.clear();
    bodyFrom = UNKNOWN;
    askedAt = System.nanoTime();
    ByteBuffer request = question.request().duplicate();
    while (request.hasRemaining()) {
      // A request is far smaller than the buffer of a socket: this goes round once.
      int _ = channel.write(request);
    }
  }

  /// Reads what is there, and asks again when the answer is whole.
  void read() {
    try {
      if (channel.read(received) < 0) {
        throw new EOFException("%s: the connection was closed".formatted(way));
      }
      if (complete()) {
        check();
        if (load.answered(askedAt, System.nanoTime())) {
          ask();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(way, e);
    }
  }

  private boolean complete() {
    if (bodyFrom == UNKNOWN) {
      readHead();
    }
    return bodyFrom != UNKNOWN && received.position() >= bodyFrom + question.answer().limit();
  }

  private void readHead() {
    int end = headEnd();
    if (end == UNKNOWN) {
      if (!received.hasRemaining()) {
        throw wrong("the head of an answer is too long");
      }
      return;
    }
    byte[] bytes = new byte[end];
    received.get(0, bytes);
    String head = new String(bytes, ISO_8859_1);
    Matcher length = LENGTH.matcher(head.toLowerCase(Locale.ROOT));
    if (!head.startsWith("HTTP/1.1 200 ")
        || !length.find()
        || Integer.parseInt(length.group(1)) != question.answer().limit()) {
      throw wrong("not the right answer");
    }
    bodyFrom = end;
  }

  private int headEnd() {
    for (int i = 3; i < received.position(); i++) {
      if (received.get(i) == '\n' && received.get(i - 2) == '\n') {
        return i + 1;
      }
    }
    return UNKNOWN;
  }

  private void check() {
    int length = question.answer().limit();
    boolean right =
        received.position() == bodyFrom + length
            && received.slice(bodyFrom, length).mismatch(question.answer().duplicate()) < 0;
    if (!right) {
      throw wrong("not the right answer");
    }
  }

  private IllegalStateException wrong(String what) {
    byte[] text = new byte[Math.min(received.position(), 1000)];
    received.get(0, text);
    return new IllegalStateException(
        "%s: %s: %s".formatted(way, what, new String(text, ISO_8859_1)));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
