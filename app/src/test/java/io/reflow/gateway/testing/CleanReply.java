package io.reflow.gateway.testing;

import static org.assertj.core.api.Assertions.assertThat;

/// What no answer may hold, whatever was asked.
public final class CleanReply {

  private CleanReply() {}

  /// Fails on a piece of a stack trace, a class name or a statement to the database.
  public static void check(String body) {
    assertThat(body)
        .doesNotContainPattern("\\bat [a-z]+[.][\\w.$]+\\(")
        .doesNotContain("io.reflow", "java.lang", "java.util", "Exception", "select ", "insert ");
  }

  /// The same for an answer of the MCP endpoint.
  public static McpTestClient.Reply check(McpTestClient.Reply reply) {
    check(reply.body());
    return reply;
  }
}
