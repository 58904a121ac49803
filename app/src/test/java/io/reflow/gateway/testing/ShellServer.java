package io.reflow.gateway.testing;

import java.nio.file.Path;
import java.util.List;

/// An MCP server that is a shell script: it starts at once and takes next to no memory, so that a
/// test can have many. Its tools tell the process and the `SECRET` in its environment:
///
/// - `whoami` at once;
/// - `held` when there is a file at the place that it was started with;
/// - `die` never: the process ends.
public final class ShellServer {

  private static final String SCRIPT =
      """
      while IFS= read -r line; do
        case $line in
          *'"id":'*) ;;
          *) continue ;;
        esac
        id=${line#*'"id":'}
        id=${id%%,*}
        case $line in
          *'"method":"initialize"'*)
            result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},'
            result="$result"'"serverInfo":{"name":"sh","version":"1"}}'
            ;;
          *'"method":"tools/list"'*)
            result='{"tools":[{"name":"whoami","inputSchema":{"type":"object"}},'
            result="$result"'{"name":"held","inputSchema":{"type":"object"}},'
            result="$result"'{"name":"die","inputSchema":{"type":"object"}}]}'
            ;;
          *'"method":"tools/call"'*)
            case $line in
              *'"name":"held"'*) while [ ! -e "$1" ]; do sleep 0.02; done ;;
              *'"name":"die"'*) exit 3 ;;
            esac
            result="{\\"pid\\":$$,\\"secret\\":\\"${SECRET-}\\"}"
            ;;
          *)
            printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}\\n' "$id"
            continue
            ;;
        esac
        printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$result"
      done
      """;

  private ShellServer() {}

  public static List<String> command() {
    return command(Path.of("/dev/null"));
  }

  /// The command that runs this server; `held` waits for a file at `gate`.
  public static List<String> command(Path gate) {
    return List.of("/bin/sh", "-c", SCRIPT, "server", gate.toString());
  }
}
