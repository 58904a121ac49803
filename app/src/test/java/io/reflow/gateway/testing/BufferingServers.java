package io.reflow.gateway.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// MCP servers that were written for a terminal: they leave it to their language when what they
/// print leaves, which over a pipe is when there is a lot of it, or at the end.
public final class BufferingServers {

  private static final String PYTHON =
      """
      import json, sys

      RESULTS = {
          "initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                         "serverInfo": {"name": "python", "version": "1"}},
          "tools/list": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]},
          "tools/call": {"content": [{"type": "text", "text": "hello from python"}]},
      }
      for line in sys.stdin:
          message = json.loads(line)
          if "id" in message:
              answer = {"jsonrpc": "2.0", "id": message["id"]}
              if message["method"] in RESULTS:
                  answer["result"] = RESULTS[message["method"]]
              else:
                  answer["error"] = {"code": -32601, "message": "unknown"}
              print(json.dumps(answer))
      """;

  private static final String C =
      """
      #include <stdio.h>
      #include <stdlib.h>
      #include <string.h>

      static char line[1 << 20];

      int main(void) {
        while (fgets(line, sizeof line, stdin)) {
          char *id = strstr(line, "\\"id\\":");
          if (!id) continue;
          long number = atol(id + 5);
          printf("{\\"jsonrpc\\":\\"2.0\\",\\"id\\":%ld,", number);
          if (strstr(line, "\\"initialize\\""))
            printf("\\"result\\":{\\"protocolVersion\\":\\"2025-11-25\\",\\"capabilities\\":"
                   "{\\"tools\\":{}},\\"serverInfo\\":{\\"name\\":\\"c\\",\\"version\\":\\"1\\"}}}\\n");
          else if (strstr(line, "\\"tools/list\\""))
            printf("\\"result\\":{\\"tools\\":[{\\"name\\":\\"echo\\",\\"inputSchema\\":"
                   "{\\"type\\":\\"object\\"}}]}}\\n");
          else if (strstr(line, "\\"tools/call\\""))
            printf("\\"result\\":{\\"content\\":[{\\"type\\":\\"text\\",\\"text\\":"
                   "\\"hello from c\\"}]}}\\n");
          else
            printf("\\"error\\":{\\"code\\":-32601,\\"message\\":\\"unknown\\"}}\\n");
        }
        return 0;
      }
      """;

  private BufferingServers() {}

  /// The command that runs the one in Python.
  public static List<String> python(Path folder) {
    try {
      Path program = Files.writeString(folder.resolve("server.py"), PYTHON);
      return List.of("python3", program.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Whether this machine has a C compiler.
  public static boolean canCompile() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
  }

  /// The command that runs the one in C, once it is compiled.
  public static List<String> c(Path folder) throws InterruptedException {
    try {
      Path source = Files.writeString(folder.resolve("server.c"), C);
      Path program = folder.resolve("server");
      Process compiler =
          new ProcessBuilder("cc", "-o", program.toString(), source.toString()).inheritIO().start();
      if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
        compiler.destroyForcibly();
        throw new AssertionError("the C program can't be compiled");
      }
      return List.of(program.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
