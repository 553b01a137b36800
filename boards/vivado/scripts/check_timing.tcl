# Stops with an error when the routed design in memory misses its timing.

foreach kind {setup hold} {
    set path [get_timing_paths -$kind -max_paths 1]
    if {[llength $path] == 0} {
        error "no $kind path to check: is the clock constrained?"
    }
    set slack [get_property SLACK $path]
    puts "worst $kind slack: $slack ns"
    if {$slack < 0} {
        error "timing is not met: worst $kind slack is $slack ns; choose a slower clock"
    }
}
