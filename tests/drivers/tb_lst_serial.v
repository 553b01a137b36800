// Plays the host on the pins of lst_serial: sends `FRAMES images, prints the four bytes of each answer. The board's
// clock is on pin `CLOCK and has a half period of `HALF_NS.
`timescale 1ns / 1ps

module tb;
  reg clk = 0, rx = 1;
  wire tx;
  wire [3:0] led;
  reg [7:0] pixels [0:`FRAMES * `PIXELS - 1];
  integer frame, index, number;
  reg [7:0] received;

  lst_serial dut (
    .`CLOCK(clk), .uart_0__rx__io(rx), .uart_0__tx__io(tx),
    .led_0__io(led[0]), .led_1__io(led[1]), .led_2__io(led[2]), .led_3__io(led[3])
  );

  always #(`HALF_NS) clk = ~clk;

  task send(input [7:0] value);
    integer bit_number;
    begin
      rx = 0;
      #(`BIT_NS);
      for (bit_number = 0; bit_number < 8; bit_number = bit_number + 1) begin
        rx = value[bit_number];
        #(`BIT_NS);
      end
      rx = 1;
      #(`BIT_NS);
    end
  endtask

  task receive;
    integer bit_number;
    begin
      @(negedge tx);
      #(`BIT_NS * 1.5);
      for (bit_number = 0; bit_number < 8; bit_number = bit_number + 1) begin
        received[bit_number] = tx;
        #(`BIT_NS);
      end
    end
  endtask

  initial begin
    $readmemh("pixels.hex", pixels);
    #1000;
    for (frame = 0; frame < `FRAMES; frame = frame + 1) begin
      for (index = 0; index < `PIXELS; index = index + 1) send(pixels[frame * `PIXELS + index]);
      wait (number == 4 * frame + 4);
      $display("leds %h", led);
    end
    $finish;
  end

  // An answer may begin before the last stop bit ends.
  initial begin
    number = 0;
    forever begin
      receive;
      $display("byte %h", received);
      number = number + 1;
    end
  end

  initial begin
    #(`BIT_NS * 10 * (`PIXELS + 60) * `FRAMES);
    $display("no answer");
    $finish;
  end
endmodule
