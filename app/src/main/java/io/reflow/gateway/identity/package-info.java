/// Who calls: users, passwords, tokens. A noun: imported by rules, engine and endpoint.
@NullMarked
package io.reflow.gateway.identity;

import org.jspecify.annotations.NullMarked;
