package io.reflow.gateway.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceUriTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///a/../b",
        "file:///a/..",
        "file:///./a",
        "file:..",
        "file:///a/%2e%2E/b",
        "file:///a/.%2e/b",
        "file:///a%2fb",
        "file:///a%252fb",
        "file:///a%5Cb",
        "file:///a\\..\\b",
        "file:///a\n",
        "file:///a%00",
        "http://h/..?x",
        "file:///pub/..;/secret",
        "file:///%73ecret",
        "file:///%2573ecret",
        "file:///pub/%c0%ae%c0%ae/secret",
        "file:///pub/%u002e%u002e/secret",
        "file:///a%",
        "FILE:///secret",
        " file:///secret",
        "file:////secret",
        "file:///pub//secret",
        "file://localhost/secret",
        "file:/secret"
      })
  void seesThroughSpellings(String uri) {
    assertThat(ResourceUri.evasive(uri)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///a/b.txt",
        "file:///a/..b/c..",
        "file:///a/.hidden",
        "test://static/resource/1",
        "http://h/a%20b?q=1..2",
        "demo:...",
        "http://h/%C3%A4?u=http%3A",
        "fetch://https://h/A:b",
        "file:///a?b=//c",
        "urn:A:B",
        "no scheme"
      })
  void leavesOrdinaryUrisAlone(String uri) {
    assertThat(ResourceUri.evasive(uri)).isFalse();
  }
}
