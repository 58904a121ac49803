package io.reflow.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

class WholeBodyTest {

  private static final byte[] LARGE = new byte[300_000];

  static {
    new Random(1).nextBytes(LARGE);
  }

  /// Takes a piece at a time, as the client does.
  private static final class Taking implements Flow.Subscriber<ByteBuffer> {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private Flow.Subscription subscription = new WholeBodyTest.Nothing();
    private int pieces;
    private int ends;
    private int failures;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
    }

    @Override
    public void onNext(ByteBuffer piece) {
      pieces++;
      byte[] bytes = new byte[piece.remaining()];
      piece.get(bytes);
      taken.writeBytes(bytes);
      subscription.request(1);
    }

    @Override
    public void onError(Throwable failure) {
      failures++;
    }

    @Override
    public void onComplete() {
      ends++;
    }
  }

  private record Nothing() implements Flow.Subscription {
    @Override
    public void request(long count) {}

    @Override
    public void cancel() {}
  }

  @Test
  void leavesWholeInPieces() {
    var body = new WholeBody(LARGE);
    var taking = new Taking();

    body.subscribe(taking);
    taking.subscription.request(1);

    assertThat(taking.taken.toByteArray()).isEqualTo(LARGE);
    assertThat(taking.pieces).isGreaterThan(1);
    assertThat(taking.ends).isOne();
    assertThat(body.contentLength()).isEqualTo(LARGE.length);
  }

  @Test
  void leavesOnceForWhoWantsAllAtOnce() {
    var taking = new Taking();
    new WholeBody(LARGE).subscribe(taking);

    taking.subscription.request(Long.MAX_VALUE);
    taking.subscription.request(Long.MAX_VALUE);

    assertThat(taking.taken.toByteArray()).isEqualTo(LARGE);
    assertThat(taking.ends).isOne();
  }

  @Test
  void stopsWhenItIsCancelled() {
    var taking = new Taking();
    new WholeBody(LARGE).subscribe(taking);

    taking.subscription.cancel();
    taking.subscription.request(5);

    assertThat(taking.pieces).isZero();
    assertThat(taking.ends).isZero();
  }

  @Test
  void whoAsksForNothingIsTold() {
    var taking = new Taking();
    new WholeBody(LARGE).subscribe(taking);

    taking.subscription.request(0);

    assertThat(taking.failures).isOne();
  }

  @Test
  void mayLeaveAgainUntilItIsAnswered() {
    var body = new WholeBody(LARGE);
    body.subscribe(new Taking());
    var again = new Taking();
    body.subscribe(again);

    body.release();
    again.subscription.request(1);

    assertThat(again.taken.toByteArray()).isEqualTo(LARGE);
    assertThatThrownBy(() -> body.subscribe(new Taking()))
        .isInstanceOf(IllegalStateException.class);
  }
}
