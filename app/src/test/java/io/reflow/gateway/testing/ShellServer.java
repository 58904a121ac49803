package io.reflow.gateway.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;

/// An MCP server of a few lines of shell, which every user can run in every sandbox. Its one tool,
/// `run`, runs what it is given and answers with all that this said.
public final class ShellServer {

  private static final String SCRIPT =
      """
      while read -r line; do
        id=$(printf %s "$line" | sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
        [ -n "$id" ] || continue
        case $line in
          *'"method":"initialize"'*)
            result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"sh","version":"1"}}' ;;
          *'"method":"tools/list"'*)
            result='{"tools":[{"name":"run","inputSchema":{"type":"object"}}]}' ;;
          *'"method":"tools/call"'*)
            script=$(printf %s "$line" | sed -n 's/.*"script":"\\([^"]*\\)".*/\\1/p' | base64 -d)
            said=$(sh -c "$script" 2>&1 </dev/null | base64 -w 0)
            result='{"content":[{"type":"text","text":"'$said'"}]}' ;;
          *) echo '{"jsonrpc":"2.0","id":'$id',"error":{"code":-32601,"message":"no"}}'; continue ;;
        esac
        echo '{"jsonrpc":"2.0","id":'$id',"result":'$result'}'
      done
      """;

  private ShellServer() {}

  public static List<String> command() {
    return List.of("sh", "-c", SCRIPT);
  }

  /// A script as the tool takes it, as `script`.
  public static String encoded(String script) {
    return Base64.getEncoder().encodeToString(script.getBytes(UTF_8));
  }

  /// What the script said.
  ///
  /// @param text of the tool's answer
  public static String said(String text) {
    return new String(Base64.getDecoder().decode(text), UTF_8).strip();
  }
}
