# The design reaches no pin of the programmable logic, and the processing system's core constrains its clock.
# A compressed bitstream loads faster.
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
