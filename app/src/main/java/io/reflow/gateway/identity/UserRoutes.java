package io.reflow.gateway.identity;

import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Users, for admins. What is changed here counts before the answer leaves.
public final class UserRoutes {

  private final UserStore users;
  private final PasswordHash passwords;
  private final Identities identities;

  public UserRoutes(UserStore users, PasswordHash passwords, Identities identities) {
    this.users = users;
    this.passwords = passwords;
    this.identities = identities;
  }

  public record NewUserJson(
      String email,
      String password,
      @Nullable String role,
      @Nullable List<@Nullable String> groups,
      @Nullable Boolean enabled) {

    public NewUserJson {
      email = IdentityRules.email(email);
      password = IdentityRules.newPassword("password", password);
    }

    UserChange given() {
      return new UserChangeJson(role, groups, enabled).change();
    }

    @Override
    public String toString() {
      return "NewUserJson[" + email + "]";
    }
  }

  public record UserChangeJson(
      @Nullable String role, @Nullable List<@Nullable String> groups, @Nullable Boolean enabled) {

    UserChange change() {
      return new UserChange(
          Optional.ofNullable(role).map(it -> IdentityRules.name("role", it)),
          Optional.ofNullable(groups).map(IdentityRules::groups),
          Optional.ofNullable(enabled));
    }
  }

  public void list(Exchange<Authenticated> exchange) {
    exchange.ok(users.all().stream().map(UserJson::forAdmin).toList());
  }

  public void create(Exchange<Authenticated> exchange) throws InterruptedException {
    NewUserJson body = exchange.body(NewUserJson.class);
    UserChange given = body.given();
    User user = users.create(body.email(), passwords.hash(body.password()), given);
    identities.reload();
    exchange.created(UserJson.forAdmin(user));
  }

  public void update(Exchange<Authenticated> exchange) {
    var id = new UserId(exchange.id("id"));
    User user = users.update(id, exchange.body(UserChangeJson.class).change());
    identities.reload();
    exchange.ok(UserJson.forAdmin(user));
  }

  public void delete(Exchange<Authenticated> exchange) {
    users.delete(new UserId(exchange.id("id")));
    identities.reload();
    exchange.noContent();
  }
}
