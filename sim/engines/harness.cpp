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
    cxxrtl::debug_outline *outline;  // what computes the signal, unless it is kept up to date

    Probe(cxxrtl::debug_items &items, const char *name) {
        const cxxrtl::debug_item &item = items.at(name).front();
        chunks = item.curr;
        width = item.width;
        outline = item.outline;
    }
    uint64_t bits() const {
        uint64_t value = chunks[0];
        if (width > 32) value |= uint64_t(chunks[1]) << 32;
        return value;
    }
    // One of several numbers of equal width, side by side.
    int64_t number(size_t index, size_t count) const {
        if (outline) outline->eval();
        const size_t size = width / count;
        uint64_t value = 0;
        for (size_t bit = 0, from = index * size; bit < size; bit++, from++)
            value |= uint64_t(chunks[from / 32] >> (from % 32) & 1) << bit;
        const unsigned unused = 64 - size;
        return int64_t(value << unused) >> unused;
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
    const uint32_t *beats;      // [frames, rounded up to whole batches][frame_beats]
    int64_t frames, lanes, frame_beats, frame_pixels, frame_values, classes, logit_offset;
    const LoopSlot *loops;
    int64_t max_cycles;
    const char *vcd;            // null for none
    int64_t *values, *cycles;   // [frames][frame_values]
    int64_t *results, *latencies, *periods;  // [frames]
};

// Returns the number of simulated cycles. Runs until every result has come and one batch more has begun, which gives
// the last one's period, or for max_cycles. Returns -1 if one evaluation per cycle does
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

    const int64_t lanes = job->lanes, batches = (job->frames + lanes - 1) / lanes;
    std::vector<int64_t> starts(batches + 1, 0);
    const int64_t last = job->frame_beats - 1;
    int64_t frame = 0, beat = 0;                 // of the stream
    int64_t coded = 0, logits = 0, results = 0;  // of the record
    int64_t cycle = 0;
    auto record = [&](int64_t batch, int64_t position, const Probe &values) {
        for (int64_t lane = 0; lane < lanes; lane++) {
            const int64_t in_frame = batch * lanes + lane;
            if (in_frame >= job->frames) return;
            const int64_t place = in_frame * job->frame_values + position;
            job->values[place] = lanes == 1 ? values.number() : values.number(lane, lanes);
            job->cycles[place] = cycle - starts[batch];
        }
    };

    for (; cycle < job->max_cycles; cycle++) {
        if (coded > batches * job->frame_pixels && results == job->frames) break;
        top.p_s__axis__tvalid.set<bool>(true);
        top.p_s__axis__tlast.set<bool>(beat == last);
        const bool within = frame < batches * lanes;
        top.p_s__axis__tdata.set<uint32_t>(within ? job->beats[frame * job->frame_beats + beat] : 0);
        before_edge();

        if (top.p_s__axis__tready.get<bool>() && ++beat > last) { beat = 0; frame++; }
        if (pixel_valid.bits()) {
            const int64_t batch = coded / job->frame_pixels;
            if (coded % job->frame_pixels == 0 && batch <= batches) starts[batch] = cycle - 2;
            record(batch, coded % job->frame_pixels, pixel_code);
            coded++;
        }
        if (write_enable.bits()) {
            const LoopSlot &slot = job->loops[write_loop.bits()];
            const int64_t row = write_row.bits(), column = write_column.bits();
            if (slot.offset >= 0 && row < slot.rows && column < slot.columns)
                record(logits / job->classes, slot.offset + row * slot.columns + column, write_data);
        }
        if (logit_valid.bits()) {
            record(logits / job->classes, job->logit_offset + logits % job->classes, logit);
            logits++;
        }
        if (top.p_m__axis__tvalid.get<bool>() && results < job->frames) {
            job->results[results] = top.p_m__axis__tdata.get<uint32_t>();
            job->latencies[results] = cycle - starts[results / lanes];
            results++;
        }
        edge();
    }
    for (int64_t i = 0; i < job->frames; i++) job->periods[i] = starts[i / lanes + 1] - starts[i / lanes];
    return cycle;
}

}  // extern "C"
