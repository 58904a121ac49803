/// What every HTTP route shares: bodies, errors, origins, deadlines. May be imported by all routes.
@NullMarked
package io.reflow.gateway.http;

import org.jspecify.annotations.NullMarked;
