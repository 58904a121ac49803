package io.reflow.gateway.http;

import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/// The body of a request of ours, which is there as a whole and leaves as it is: it is neither
/// copied nor cut to the size of the client's buffers, which are made for what most answers need.
public final class WholeBody implements BodyPublisher {

  /// What is handed over at a time.
  private static final int PIECE = 64 << 10;

  private static final byte[] NOTHING = new byte[0];

  private final int length;
  private volatile byte[] bytes;

  /// @param bytes stay unchanged from now on
  public WholeBody(byte[] bytes) {
    this.bytes = bytes;
    this.length = bytes.length;
  }

  /// The request has been answered, and is not sent again: what was sent is needed no more, however
  /// long the answer goes on.
  public void release() {
    bytes = NOTHING;
  }

  @Override
  public long contentLength() {
    return length;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
    byte[] all = bytes;
    if (all.length < length) {
      throw new IllegalStateException("it was answered already");
    }
    subscriber.onSubscribe(new Pieces(all, subscriber));
  }

  private static final class Pieces implements Flow.Subscription {

    private final Flow.Subscriber<? super ByteBuffer> subscriber;
    private final AtomicLong wanted = new AtomicLong();
    private volatile boolean over;
    private byte[] left;
    private int sent;

    Pieces(byte[] bytes, Flow.Subscriber<? super ByteBuffer> subscriber) {
      this.left = bytes;
      this.subscriber = subscriber;
    }

    /// Whoever finds that nothing was wanted sends, for all who want more meanwhile.
    @Override
    public void request(long count) {
      if (count <= 0) {
        refuse();
      } else if (wanted.getAndAccumulate(count, Pieces::sum) == 0) {
        do {
          sendPiece();
        } while (wanted.decrementAndGet() > 0 && !over);
      }
    }

    private static long sum(long one, long other) {
      return one > Long.MAX_VALUE - other ? Long.MAX_VALUE : one + other;
    }

    private void refuse() {
      if (!over) {
        over = true;
        subscriber.onError(new IllegalArgumentException("asked for nothing"));
      }
    }

    private void sendPiece() {
      if (over) {
        return;
      }
      int size = Math.min(PIECE, left.length - sent);
      var piece = ByteBuffer.wrap(left, sent, size);
      sent += size;
      if (size > 0) {
        subscriber.onNext(piece);
      }
      if (sent == left.length && !over) {
        over = true;
        left = NOTHING;
        subscriber.onComplete();
      }
    }

    @Override
    public void cancel() {
      over = true;
    }
  }
}
