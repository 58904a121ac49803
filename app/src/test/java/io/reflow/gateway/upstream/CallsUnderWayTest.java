package io.reflow.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.testing.RecordingCaller;
import io.reflow.gateway.testing.UpstreamFixtures;
import org.junit.jupiter.api.Test;

class CallsUnderWayTest {

  private static PendingCall call(Caller caller) {
    return new PendingCall("fake", UpstreamFixtures.toolCall("echo", "{}"), caller);
  }

  @Test
  void whatNamesNoCallBelongsToTheOnlyOneOfAClient() {
    var calls = new CallsUnderWay(true);
    PendingCall mine = call(RecordingCaller.mute());
    calls.add(1, call(Caller.SILENT));
    assertThat(calls.only()).isEmpty();

    calls.add(2, mine);
    assertThat(calls.only()).as("the gateway asks for something meanwhile").contains(mine);

    calls.add(3, call(RecordingCaller.mute()));
    assertThat(calls.only()).isEmpty();
  }

  @Test
  void whatNamesNoCallBelongsToNobodyWhereSeveralMayBeMeant() {
    var calls = new CallsUnderWay(false);
    calls.add(1, call(RecordingCaller.mute()));

    assertThat(calls.only()).isEmpty();
  }
}
