package io.reflow.gateway.session;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.Overloaded;
import org.junit.jupiter.api.Test;

class FeedsTest {

  private final Feeds feeds = new Feeds();

  @Test
  void hasRoomForSoManySubscriptions() {
    for (int i = 0; i < Feeds.MOST_RESOURCES; i++) {
      feeds.requireRoom("file:///" + i);
      feeds.resource("file:///" + i, () -> {});
    }

    assertThatThrownBy(() -> feeds.requireRoom("file:///more")).isInstanceOf(Overloaded.class);
    assertThatCode(() -> feeds.requireRoom("file:///7")).doesNotThrowAnyException();
  }

  @Test
  void refusesToKeepWhatIsTooLong() {
    String longest = "file:///".concat("a".repeat(Feeds.LONGEST_URI - 8));

    assertThatCode(() -> feeds.requireRoom(longest)).doesNotThrowAnyException();
    assertThatThrownBy(() -> feeds.requireRoom(longest + "a")).isInstanceOf(InvalidParams.class);
  }
}
