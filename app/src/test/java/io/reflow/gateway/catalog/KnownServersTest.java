package io.reflow.gateway.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.reflow.gateway.identity.UserId;
import io.reflow.gateway.instance.InstanceKey;
import io.reflow.gateway.instance.InstanceKey.Sharing;
import io.reflow.gateway.protocol.ProtocolVersion;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.target.TargetId;
import io.reflow.gateway.testing.UpstreamFixtures;
import io.reflow.gateway.upstream.ServerFacts;
import io.reflow.gateway.upstream.ServerFacts.Capability;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

final class KnownServersTest {

  private static final TargetId TARGET = new TargetId(UUID.randomUUID());

  private final Shelf shelf = new Shelf();
  private final KnownServers servers = new KnownServers(shelf);

  /// Holds what is kept, the newest first.
  private static final class Shelf implements KnownServers.Shelf {
    private final List<Advert> kept = new CopyOnWriteArrayList<>();

    @Override
    public void keep(Advert advert) {
      kept.addFirst(advert);
    }

    @Override
    public List<Advert> of(TargetId target) {
      return kept.stream().filter(advert -> advert.target().equals(target)).toList();
    }
  }

  @Test
  void keepsWhatIsNewAndNobodysOwn() throws InterruptedException {
    var shared = new InstanceKey(TARGET, new Sharing.Everyone());

    servers.learned(instance(), facts("Ann's projects: x, y"));
    UpstreamFixtures.await(() -> shelf.kept.size() == 1);
    servers.learned(shared, facts("Be kind."));
    UpstreamFixtures.await(() -> shelf.kept.size() == 2);
    servers.learned(shared, facts("Be kind."));
    servers.learned(instance(), facts("Bob's projects: z"));

    assertThat(shelf.kept)
        .extracting(advert -> advert.said().instructions())
        .containsExactly(Optional.of("Be kind."), Optional.empty());
  }

  @Test
  void looksForWhatOthersHaveLearned() throws InterruptedException {
    var shared = new InstanceKey(TARGET, new Sharing.Everyone());
    new KnownServers(shelf).learned(shared, facts("Be kind."));
    UpstreamFixtures.await(() -> shelf.kept.size() == 1);

    assertThat(servers.facts(TARGET)).isEmpty();
    UpstreamFixtures.await(() -> servers.facts(TARGET).isPresent());

    assertThat(servers.instructions(shared)).contains("Be kind.");
  }

  @Test
  void groupsWithCommasInTheirNamesAreNotMistaken() {
    var one = new Sharing.Groups(new TreeSet<>(Set.of("a,b")));
    var two = new Sharing.Groups(new TreeSet<>(Set.of("a", "b")));

    assertThat(Advert.scope(one)).isNotEqualTo(Advert.scope(two));
  }

  @Test
  void tellsTheInstructionsOfAnInstanceOnlyToThoseWhoShareIt() {
    InstanceKey anns = instance();
    InstanceKey bobs = instance();

    servers.learned(anns, facts("Ann's projects: x, y"));

    assertThat(servers.instructions(anns)).contains("Ann's projects: x, y");
    assertThat(servers.instructions(bobs)).isEmpty();
    assertThat(servers.offers(TARGET)).contains(Set.of(Capability.TOOLS));
  }

  @Test
  void forgetsAllInstancesOfATarget() {
    InstanceKey anns = instance();
    servers.learned(anns, facts("Ann's projects: x, y"));

    servers.forget(TARGET);

    assertThat(servers.instructions(anns)).isEmpty();
    assertThat(servers.offers(TARGET)).isEmpty();
  }

  private static InstanceKey instance() {
    return new InstanceKey(TARGET, new Sharing.User(new UserId(UUID.randomUUID())));
  }

  private static ServerFacts facts(String instructions) {
    return new ServerFacts(
        ProtocolVersion.V2025_11_25,
        RawJson.EMPTY_OBJECT,
        RawJson.EMPTY_OBJECT,
        Optional.of(instructions),
        Set.of(Capability.TOOLS));
  }
}
