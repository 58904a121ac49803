/// What happens at this moment, for admins who watch. Endpoint: imported by Gateway only.
@NullMarked
package io.reflow.gateway.live;

import org.jspecify.annotations.NullMarked;
