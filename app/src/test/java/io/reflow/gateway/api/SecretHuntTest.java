package io.reflow.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretHuntTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--api-key=abc",
        "--token|abc",
        "-e|GITHUB_TOKEN=abc",
        "--password|hunter2",
        "--header|Authorization: Bearer abcdefgh",
        "--header|Authorization:abc",
        "ghp_0123456789abcdef0123",
        "sk-proj-0123456789abcdefghij",
        "postgresql://user:pass@host/db",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "https://host/?api_key=x",
        "xoxb-1234567890-abcdef",
        "Zk3Jd8Qw2Lm5Rt9Xc4Vb7Np1Hs6Gf0Yq"
      })
  void findsSecretsInArguments(String arguments) {
    assertThat(SecretHunt.inArguments(List.of(arguments.split("\\|")))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-y|@modelcontextprotocol/server-everything",
        "-y|@modelcontextprotocol/server-filesystem|/srv/files/a-rather-long-folder-name-for-things",
        "--port|3000",
        "--transport=stdio",
        "mcp-server-git|--repository|/srv/repo",
        "postgresql://localhost/db",
        "--key-file-type=pem",
        "run|-i|--rm|-e|GITHUB_TOKEN|ghcr.io/github/github-mcp-server",
        "https://mcp.example.com/sse",
        "--keyboard=us"
      })
  void leavesOrdinaryArgumentsAlone(String arguments) {
    assertThat(SecretHunt.inArguments(List.of(arguments.split("\\|")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://user:pw@host/",
        "https://user@host/",
        "https://host/mcp?token=abc",
        "https://host/mcp?a=b&apiKey=abc",
        "https://host/s/Zk3Jd8Qw2Lm5Rt9Xc4Vb7Np1Hs6Gf0Yq/mcp"
      })
  void findsSecretsInUrls(String url) {
    assertThat(SecretHunt.inUrl(url)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://mcp.example.com/mcp",
        "http://localhost:3001/mcp?profile=default&tools=a,b",
        "https://host/a/@scope/b"
      })
  void leavesOrdinaryUrlsAlone(String url) {
    assertThat(SecretHunt.inUrl(url)).isEmpty();
  }

  @Test
  void namesAreMadeToFit() {
    assertThat(DesktopConfig.name("My Server_2", Set.of())).isEqualTo("my-server-2");
    assertThat(DesktopConfig.name("--__", Set.of())).isEqualTo("target");
    assertThat(DesktopConfig.name("git", Set.of("git", "git-2"))).isEqualTo("git-3");
    assertThat(DesktopConfig.name("a".repeat(60), Set.of())).hasSize(40);
    assertThat(DesktopConfig.name("a".repeat(39) + "_b", Set.of())).isEqualTo("a".repeat(39));
  }
}
