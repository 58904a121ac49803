package io.reflow.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.api.ClientApp.Place;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAppTest {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theBridgeIsToldToTrustPlainHttpOnlyWhereNeedBe(boolean plainHttp) {
    var place = new Place("reflow", "http://gateway.lan/mcp", Optional.of("t"), plainHttp);

    String config = ClientApp.CLAUDE_DESKTOP.config(place).toString();

    assertThat(config.contains("--allow-http")).isEqualTo(plainHttp);
  }
}
