// Feeds frames to lst_accel without a pause and writes one line per observation: kind, lane, loop, row, column,
// value, cycle, as sim.trace.Event has them. Reads beats.hex and writes events.txt in the current folder.
//
// +frames=N +max_cycles=N: number of frames, when to give up. +vcd: write trace.vcd.
`timescale 1ns / 1ps

module trace_tb;
  parameter LANES = 1;        // frames per batch
  parameter STREAM_BITS = 8;  // of a beat
  parameter PIXELS = 1;       // per frame
  parameter BEATS = 1;        // per frame
  parameter CODE_BITS = 9;
  parameter LOGIT_BITS = 24;
  localparam FRAME = 0, PIXEL = 1, WRITE = 2, LOGIT = 3, RESULT = 4;

  reg aclk = 0;
  reg aresetn = 0;
  reg [STREAM_BITS-1:0] tdata = 0;
  reg tvalid = 0;
  reg tlast = 0;
  wire tready;
  wire [31:0] result;
  wire result_valid;
  wire result_last;

  lst_accel dut (
    .aclk(aclk),
    .aresetn(aresetn),
    .s_axis_tdata(tdata),
    .s_axis_tvalid(tvalid),
    .s_axis_tready(tready),
    .s_axis_tlast(tlast),
    .m_axis_tdata(result),
    .m_axis_tvalid(result_valid),
    .m_axis_tready(1'b1),
    .m_axis_tlast(result_last)
  );

  integer beats_file, events, frames, batches, max_cycles;
  integer sent, scanned, lane;
  reg [31:0] beat;
  integer coded = 0, in_frame = 0, results = 0;
  integer cycle = -2;  // 0 is the first cycle without reset

  always #5 aclk = ~aclk;
  always @(posedge aclk) cycle <= cycle + 1;

  initial begin
    if (!$value$plusargs("frames=%d", frames)) frames = 0;
    if (!$value$plusargs("max_cycles=%d", max_cycles)) max_cycles = 0;
    batches = (frames + LANES - 1) / LANES;
    beats_file = $fopen("beats.hex", "r");
    events = $fopen("events.txt", "w");
    if ($test$plusargs("vcd")) begin
      $dumpfile("trace.vcd");
      $dumpvars(0, dut);
    end
    // Inputs change at falling edges, where nothing else looks at them.
    repeat (2) @(negedge aclk);
    aresetn = 1;
    // One batch more marks the end of the last one's period.
    for (sent = 0; sent < (batches + 1) * LANES * BEATS; sent = sent + 1) begin
      if (sent < batches * LANES * BEATS) scanned = $fscanf(beats_file, "%h", beat);
      tdata = beat[STREAM_BITS-1:0];
      tvalid = 1;
      tlast = sent % BEATS == BEATS - 1;
      @(posedge aclk);
      while (!tready) @(posedge aclk);
      @(negedge aclk);
    end
    tvalid = 0;
  end

  always @(posedge aclk) begin
    if (aresetn) begin
      if (dut.core.trace__pixel_valid) begin
        // Two cycles before its code, an idle accelerator takes a pixel from the stream.
        if (in_frame == 0) $fwrite(events, "%0d 0 0 0 0 0 %0d\n", FRAME, cycle - 2);
        for (lane = 0; lane < LANES; lane = lane + 1)
          $fwrite(events, "%0d %0d 0 0 0 %0d %0d\n", PIXEL, lane,
            $signed(dut.core.trace__pixel_code[lane*CODE_BITS +: CODE_BITS]), cycle);
        coded <= coded + 1;
        in_frame <= (in_frame == PIXELS - 1) ? 0 : in_frame + 1;
      end
      if (dut.core.trace__write_enable)
        for (lane = 0; lane < LANES; lane = lane + 1)
          $fwrite(events, "%0d %0d %0d %0d %0d %0d %0d\n", WRITE, lane, dut.core.trace__write_loop,
            dut.core.trace__write_row, dut.core.trace__write_column,
            $signed(dut.core.trace__write_data[lane*CODE_BITS +: CODE_BITS]), cycle);
      if (dut.core.trace__logit_valid)
        for (lane = 0; lane < LANES; lane = lane + 1)
          $fwrite(events, "%0d %0d 0 0 0 %0d %0d\n", LOGIT, lane,
            $signed(dut.core.trace__logit[lane*LOGIT_BITS +: LOGIT_BITS]), cycle);
      if (result_valid) begin
        $fwrite(events, "%0d 0 0 0 0 %0d %0d\n", RESULT, result, cycle);
        results <= results + 1;
      end
      if ((results >= frames && coded > batches * PIXELS) || cycle >= max_cycles) begin
        $fclose(events);
        $finish;
      end
    end
  end
endmodule
