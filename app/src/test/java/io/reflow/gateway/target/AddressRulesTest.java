package io.reflow.gateway.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.OwnPlaces.Place;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRulesTest {

  private final List<Place> replicas = new ArrayList<>();
  private final OwnPlaces own = new OwnPlaces(() -> replicas);
  private final AddressRules open = new AddressRules(true, own);
  private final AddressRules closed = new AddressRules(false, own);

  /// Of clouds, of nobody, and of everybody: in all the ways that end up there.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254",
        "169.254.170.2",
        "169.254.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "ff02::1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:12a9:fe:a9fe::",
        "64:ff9b:1:1234:a9:fea9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
        "2001:db8::5efe:169.254.169.254",
        "2001:db8::200:5efe:a9fe:a9fe",
        "2002:6464:64c8::",
        "64:ff9b::0.0.0.0"
      })
  void neverLeadsToWhereCloudsKeepSecrets(String address) {
    assertThat(open.refusal(InetAddress.ofLiteral(address), 80)).isPresent();
    assertThat(closed.refusal(InetAddress.ofLiteral(address), 443)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "240.0.0.1",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe"
      })
  void leadsToPrivateNetworksOnlyWhereThatIsAllowed(String address) {
    assertThat(open.refusal(InetAddress.ofLiteral(address), 80)).isEmpty();
    assertThat(closed.refusal(InetAddress.ofLiteral(address), 80))
        .hasValueSatisfying(why -> assertThat(why).contains("upstream.allow-private-networks"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "93.184.216.34",
        "172.32.0.1",
        "172.15.255.255",
        "100.63.255.255",
        "100.128.0.1",
        "169.253.255.255",
        "169.255.0.1",
        "192.169.0.1",
        "126.255.255.255",
        "128.0.0.1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1"
      })
  void leadsToTheRestOfTheWorld(String address) {
    assertThat(closed.refusal(InetAddress.ofLiteral(address), 80)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://0.0.0.0:8080/",
        "http://[::]/",
        "http://[fe80::1%25eth0]/",
        "http://[::1%25lo]/",
        "http://169.254.169.254:80/"
      })
  void addressThatStandsInTheUrlIsRefusedWhenItIsSaved(String url) {
    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> open.check("url", URI.create(url)))
        .withMessageStartingWith("url ");
  }

  /// What a browser or another resolver would take for an address is no URL of a target at all.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "http://0251.0376.0251.0376/",
        "http://025177524776/",
        "http://169.254.43518/",
        "http://169.16689662/",
        "http://127.1/",
        "http://0/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://010.0.0.1/",
        "http://169.254.169.254./",
        "http://user@169.254.169.254/",
        "http://example.com@169.254.169.254/",
        "http://example.com:80@169.254.169.254/",
        "http://169.254.169.254%2f@example.com/",
        "http://example.com\\@169.254.169.254/",
        "http://169.254.169.254 /",
        "http://169。254。169。254/",
        "http://①⑥⑨.254.169.254/",
        "http:///169.254.169.254",
        "http:169.254.169.254",
        "//169.254.169.254/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:5432/",
        "jar:http://169.254.169.254!/",
        "http://[::ffff:169.254.169.254/",
        "http://[fe80::1%eth0%eth1]/"
      })
  void oddSpellingsOfAddressesAreNoUrls(String url) {
    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> open.check("url", TargetRules.url("url", url)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost:8080/",
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "https://10.0.0.1/"
      })
  void privateAddressInTheUrlIsRefusedWhereThatIsForbidden(String url) {
    assertThatCode(() -> open.check("url", URI.create(url))).doesNotThrowAnyException();
    assertThatExceptionOfType(InvalidRequest.class)
        .isThrownBy(() -> closed.check("url", URI.create(url)))
        .withMessageContaining("upstream.allow-private-networks");
  }

  @Test
  void nameIsNotJudgedBeforeItIsResolved() {
    assertThatCode(() -> closed.check("url", URI.create("http://mcp.example.com/")))
        .doesNotThrowAnyException();
  }

  @Test
  void gatewaysOwnPortsAreNoTargets() {
    own.add(new Place("the database", "localhost", 5432));
    own.add(new Place("the management port", "0.0.0.0", 3001));
    own.add(new Place("the internal port", "192.0.2.7", 3002));
    replicas.add(new Place("a replica's internal port", "198.51.100.8", 3002));

    for (String here : List.of("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1")) {
      assertThat(open.refusal(InetAddress.ofLiteral(here), 5432))
          .as(here)
          .hasValueSatisfying(why -> assertThat(why).contains("the database"));
      assertThat(open.refusal(InetAddress.ofLiteral(here), 3001)).as(here).isPresent();
      assertThat(open.refusal(InetAddress.ofLiteral(here), 5433)).as(here).isEmpty();
    }
    assertThat(open.refusal(InetAddress.ofLiteral("192.0.2.7"), 3002)).isPresent();
    assertThat(open.refusal(InetAddress.ofLiteral("192.0.2.8"), 3002)).isEmpty();
    assertThat(open.refusal(InetAddress.ofLiteral("198.51.100.8"), 3002)).isPresent();
    replicas.clear();
    assertThat(open.refusal(InetAddress.ofLiteral("198.51.100.8"), 3002)).isEmpty();
  }

  @Test
  void everyAddressOfThisMachineIsTheSameMachine() throws SocketException {
    own.add(new Place("the database", "127.0.0.1", 5432));

    for (var all = NetworkInterface.getNetworkInterfaces(); all.hasMoreElements(); ) {
      for (var addresses = all.nextElement().getInetAddresses(); addresses.hasMoreElements(); ) {
        InetAddress address = addresses.nextElement();
        assertThat(open.refusal(address, 5432)).as(address.toString()).isPresent();
      }
    }
  }
}
