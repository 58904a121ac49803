package io.reflow.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityRulesTest {

  @ParameterizedTest
  @ValueSource(strings = {"a@b", "first.last+tag@mail.example.com", "root@localhost", "x_y@1-2.de"})
  void acceptsEmails(String email) {
    assertThat(IdentityRules.email(email)).isEqualTo(email);
  }

  @Test
  void keepsEmailsInLowerCase() {
    assertThat(IdentityRules.email("Ann.Smith@Example.COM")).isEqualTo("ann.smith@example.com");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "@b",
        "a@",
        "a@@b",
        "a b@c",
        "a@b c",
        "a@b\n",
        "a@-b",
        "a@b..c",
        "a@b.",
        "ä@b.de",
        "a@b\u0000",
        "<a@b>"
      })
  void refusesWhatIsNoEmail(String text) {
    assertThatThrownBy(() -> IdentityRules.email(text))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("email");
  }

  @Test
  void refusesEmailsThatAreTooLong() {
    String domain = "a.".repeat(120) + "de";

    assertThat(IdentityRules.email("a".repeat(10) + "@" + domain)).hasSize(253);
    assertThatThrownBy(() -> IdentityRules.email("a".repeat(12) + "@" + domain))
        .isInstanceOf(InvalidRequest.class);
  }

  @Test
  void namesTheFieldThatIsMissing() {
    assertThatThrownBy(() -> IdentityRules.email(null)).hasMessageContaining("'email'");
    assertThatThrownBy(() -> IdentityRules.newPassword("new", null)).hasMessageContaining("'new'");
  }

  @Test
  void wantsEightCharactersOfANewPassword() {
    assertThat(IdentityRules.newPassword("password", "12345678")).isEqualTo("12345678");
    assertThat(IdentityRules.password("password", "1")).isEqualTo("1");
    assertThatThrownBy(() -> IdentityRules.newPassword("password", "1234567"))
        .hasMessageContaining("8 characters");
    assertThatThrownBy(() -> IdentityRules.newPassword("password", "😀".repeat(7)))
        .hasMessageContaining("8 characters");
  }

  @Test
  void refusesPasswordsOfMoreThanAKibibyte() {
    assertThat(IdentityRules.password("password", "a".repeat(1024))).hasSize(1024);
    assertThatThrownBy(() -> IdentityRules.password("password", "ä".repeat(513)))
        .hasMessageContaining("1024 bytes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a,b", "a\n", "ä", "{a}", "*"})
  void refusesOddNamesOfRolesAndGroups(String name) {
    assertThatThrownBy(() -> IdentityRules.name("role", name)).hasMessageContaining("'role'");
    assertThatThrownBy(() -> IdentityRules.groups(List.of("ok", name)))
        .hasMessageContaining("'groups'");
  }

  @Test
  void sortsGroupsAndDropsDoubles() {
    assertThat(IdentityRules.groups(List.of("b", "a", "b"))).containsExactly("a", "b");
    assertThatThrownBy(() -> IdentityRules.groups(Collections.nCopies(101, "a")))
        .isInstanceOf(InvalidRequest.class);
    assertThatThrownBy(() -> IdentityRules.groups(Collections.singletonList(null)))
        .isInstanceOf(InvalidRequest.class);
  }

  @Test
  void wantsAPrintableNameForAToken() {
    assertThat(IdentityRules.tokenName("  my läptop ")).isEqualTo("my läptop");
    assertThatThrownBy(() -> IdentityRules.tokenName(" ")).isInstanceOf(InvalidRequest.class);
    assertThatThrownBy(() -> IdentityRules.tokenName("a\u0000")).isInstanceOf(InvalidRequest.class);
    assertThatThrownBy(() -> IdentityRules.tokenName("a".repeat(101)))
        .isInstanceOf(InvalidRequest.class);
  }
}
