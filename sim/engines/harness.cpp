// Feeds frames to the CXXRTL model of lst_accel without a pause and records every stage.
// Compiled together with the generated model, whose text precedes this file.

#include <cstdint>
#include <fstream>
#include <cxxrtl/cxxrtl_vcd.h>

namespace {

// A signal inside the model, read as a signed or unsigned number of up to 64 bits.
struct Probe {
    const uint32_t *chunks;
    size_t width;

    Probe(cxxrtl::debug_items &items, const char *name) {
        const cxxrtl::debug_item &item = items.at(name).front();
        chunks = item.curr;
        width = item.width;
    }
    uint64_t bits() const {
        uint64_t value = chunks[0];
        if (width > 32) value |= uint64_t(chunks[1]) << 32;
        return value;
    }
    int64_t number() const {
        const unsigned unused = 64 - width;
        return int64_t(bits() << unused) >> unused;
    }
};

}  // namespace

extern "C" {

struct LoopSlot {
    int64_t offset, rows, columns;  // offset -1: not recorded
};

struct Job {
    const uint8_t *pixels;      // [frames][frame_pixels]
    int64_t frames, frame_pixels, frame_values, classes, logit_offset;
    const LoopSlot *loops;
    int64_t max_cycles;
    const char *vcd;            // null for none
    int64_t *values, *cycles;   // [frames][frame_values]
    int64_t *results, *latencies, *periods;  // [frames]
};

// Returns the number of simulated cycles. Runs until every result has come and one pixel beyond the last frame
// has been taken, which gives the last frame's period, or for max_cycles. Returns -1 if one evaluation per cycle does
// not settle the model.
int64_t lst_simulate(const Job *job) {
    cxxrtl_design::p_lst__accel top;
    cxxrtl::debug_items items;
    top.debug_info(&items, nullptr, "lst_accel ");
    const Probe pixel_valid(items, "lst_accel core trace__pixel_valid");
    const Probe pixel_code(items, "lst_accel core trace__pixel_code");
    const Probe write_enable(items, "lst_accel core trace__write_enable");
    const Probe write_loop(items, "lst_accel core trace__write_loop");
    const Probe write_row(items, "lst_accel core trace__write_row");
    const Probe write_column(items, "lst_accel core trace__write_column");
    const Probe write_data(items, "lst_accel core trace__write_data");
    const Probe logit_valid(items, "lst_accel core trace__logit_valid");
    const Probe logit(items, "lst_accel core trace__logit");

    cxxrtl::vcd_writer vcd;
    std::ofstream vcd_file;
    if (job->vcd) {
        vcd_file.open(job->vcd);
        vcd.timescale(1, "ns");
        vcd.add_without_memories(items);
    }
    uint64_t time = 0;
    auto sample = [&] {
        if (!job->vcd) return;
        vcd.sample(time);
        time += 5;
        vcd_file << vcd.buffer;
        vcd.buffer.clear();
    };
    // The rising edge: after eval() every signal has the value that the edge sees, commit() takes the edge. One
    // eval() does because the design has no combinational loops; falling edges only matter in a waveform.
    auto before_edge = [&] {
        if (job->vcd) {
            top.p_aclk.set<bool>(false);
            top.step();
            sample();
        }
        top.prev_p_aclk.set<bool>(false);
        top.p_aclk.set<bool>(true);
        return top.eval();
    };
    auto edge = [&] {
        top.commit();
        sample();
    };

    top.p_aresetn.set<bool>(false);
    top.p_m__axis__tready.set<bool>(true);
    for (int i = 0; i < 2; i++) {
        if (!before_edge()) return -1;
        edge();
    }
    top.p_aresetn.set<bool>(true);

    std::vector<int64_t> starts(job->frames + 1, 0);
    const int64_t last = job->frame_pixels - 1;
    int64_t frame = 0, pixel = 0;                // of the stream
    int64_t coded = 0, logits = 0, results = 0;  // of the record
    int64_t cycle = 0;
    auto record = [&](int64_t in_frame, int64_t position, int64_t value) {
        if (in_frame >= job->frames) return;
        const int64_t place = in_frame * job->frame_values + position;
        job->values[place] = value;
        job->cycles[place] = cycle - starts[in_frame];
    };

    for (; cycle < job->max_cycles; cycle++) {
        const bool within = frame < job->frames;
        if (coded > job->frames * job->frame_pixels && results == job->frames) break;
        top.p_s__axis__tvalid.set<bool>(within || pixel == 0);
        top.p_s__axis__tlast.set<bool>(pixel == last);
        top.p_s__axis__tdata.set<uint8_t>(within ? job->pixels[frame * job->frame_pixels + pixel] : 0);
        before_edge();

        if (top.p_s__axis__tready.get<bool>() && (within || pixel == 0)) {
            if (++pixel > last && within) { pixel = 0; frame++; }
        }
        if (pixel_valid.bits()) {
            if (coded % job->frame_pixels == 0) starts[coded / job->frame_pixels] = cycle - 2;
            record(coded / job->frame_pixels, coded % job->frame_pixels, pixel_code.number());
            coded++;
        }
        if (write_enable.bits()) {
            const LoopSlot &slot = job->loops[write_loop.bits()];
            const int64_t row = write_row.bits(), column = write_column.bits();
            if (slot.offset >= 0 && row < slot.rows && column < slot.columns)
                record(logits / job->classes, slot.offset + row * slot.columns + column, write_data.number());
        }
        if (logit_valid.bits()) {
            record(logits / job->classes, job->logit_offset + logits % job->classes, logit.number());
            logits++;
        }
        if (top.p_m__axis__tvalid.get<bool>() && results < job->frames) {
            job->results[results] = top.p_m__axis__tdata.get<uint32_t>();
            job->latencies[results] = cycle - starts[results];
            results++;
        }
        edge();
    }
    for (int64_t i = 0; i < job->frames; i++) job->periods[i] = starts[i + 1] - starts[i];
    return cycle;
}

}  // extern "C"
