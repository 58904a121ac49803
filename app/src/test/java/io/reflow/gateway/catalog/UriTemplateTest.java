package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UriTemplateTest {

  @Test
  void aVariableStandsForOneSegmentFirst() {
    UriTemplate template = UriTemplate.of("demo://resource/{id}/text");

    assertThat(template.strict().matches("demo://resource/1/text")).isTrue();
    assertThat(template.strict().matches("demo://resource/1/2/text")).isFalse();
    assertThat(template.lax().matches("demo://resource/1/2/text")).isTrue();
    assertThat(template.lax().matches("demo://other/1/text")).isFalse();
  }

  @Test
  void literalTextMeansItself() {
    assertThat(UriTemplate.of("a.b://x+y/{z}").strict().matches("aXb://x+y/1")).isFalse();
    assertThat(UriTemplate.of("broken{").strict().matches("broken{")).isTrue();
  }
}
