// Behaviour of the block RAMs of Xilinx 7-series parts, as far as Yosys uses them: no output registers, no cascades, and
// a port that reads what it writes gives the old word (READ_FIRST). Yosys' own cell models have no behaviour for them.

module block_ram #(
  parameter BITS = 16384,
  parameter [BITS-1:0] INIT = 0,
  parameter [BITS/8-1:0] INITP = 0,
  parameter READ_A = 0,  // widths, parity included; 0 for none
  parameter WRITE_A = 0,
  parameter READ_B = 0,
  parameter WRITE_B = 0
) (
  input clk_a, input en_a, input [14:0] addr_a, input [63:0] di_a, input [7:0] dip_a, input [7:0] we_a,
  output reg [63:0] do_a, output reg [7:0] dop_a,
  input clk_b, input en_b, input [14:0] addr_b, input [63:0] di_b, input [7:0] dip_b, input [7:0] we_b,
  output reg [63:0] do_b, output reg [7:0] dop_b
);
  function integer data_bits(input integer width);
    data_bits = width >= 9 ? width / 9 * 8 : width == 0 ? 1 : width;
  endfunction

  localparam RA = data_bits(READ_A), WA = data_bits(WRITE_A), RB = data_bits(READ_B), WB = data_bits(WRITE_B);

  reg [BITS-1:0] data = INIT;
  reg [BITS/8-1:0] parity = INITP;
  integer k, m;

  always @(posedge clk_a) if (en_a) begin
    if (READ_A != 0) begin
      do_a <= data[addr_a / RA * RA +: RA];
      if (READ_A >= 9) dop_a <= parity[addr_a / RA * RA / 8 +: (RA + 7) / 8];
    end
    if (WRITE_A >= 9) begin
      for (k = 0; k < WA / 8; k = k + 1) if (we_a[k]) begin
        data[addr_a / WA * WA + 8 * k +: 8] <= di_a[8 * k +: 8];
        parity[addr_a / WA * WA / 8 + k] <= dip_a[k];
      end
    end else if (WRITE_A != 0 && we_a[0]) data[addr_a / WA * WA +: WA] <= di_a[0 +: WA];
  end

  always @(posedge clk_b) if (en_b) begin
    if (READ_B != 0) begin
      do_b <= data[addr_b / RB * RB +: RB];
      if (READ_B >= 9) dop_b <= parity[addr_b / RB * RB / 8 +: (RB + 7) / 8];
    end
    if (WRITE_B >= 9) begin
      for (m = 0; m < WB / 8; m = m + 1) if (we_b[m]) begin
        data[addr_b / WB * WB + 8 * m +: 8] <= di_b[8 * m +: 8];
        parity[addr_b / WB * WB / 8 + m] <= dip_b[m];
      end
    end else if (WRITE_B != 0 && we_b[0]) data[addr_b / WB * WB +: WB] <= di_b[0 +: WB];
  end
endmodule
